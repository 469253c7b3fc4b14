/** A caller without a phone: it sends an INVITE with whatever body a journey wants, and reads what comes back. */

import { createHash } from 'node:crypto';
import type { Account, Server } from '../fixtures/server.ts';
import { token } from '../fixtures/sip.ts';
import { open, type Wire } from '../fixtures/wire.ts';

/** A body with its media type. */
export interface Content {
  readonly type: string;
  readonly body: string;
}

export class Caller {
  readonly #callId = token();
  readonly #tag = token();
  #seq = 0;

  private constructor(
    private readonly wire: Wire,
    private readonly account: Account,
    private readonly callee: Account,
  ) {}

  static async open(server: Server, account: Account, callee: Account): Promise<Caller> {
    return new Caller(await open({ url: server.at('/sip'), protocol: 'sip' }), account, callee);
  }

  /** Calls, proving who it is. */
  async invite(content: Content): Promise<void> {
    this.wire.send(this.#request('INVITE', { content }));
    const challenge = await this.wire.receives(/^SIP\/2\.0 407 /);
    this.wire.send(this.#request('ACK', { to: header(challenge, 'To'), branch: branch(challenge) }));
    const proof = this.#proof('INVITE', header(challenge, 'Proxy-Authenticate'));
    this.wire.send(this.#request('INVITE', { content, lines: [`Proxy-Authorization: ${proof}`] }));
  }

  /** The response of this status to the INVITE. */
  async receives(status: number): Promise<string> {
    return await this.wire.receives(new RegExp(`^SIP/2\\.0 ${status} `));
  }

  /** The statuses of what else came. */
  get unread(): number[] {
    return this.wire.unread.map((message) => Number(message.split(' ', 2)[1]));
  }

  /** Takes note of the final response. */
  acknowledge(final: string): void {
    if (/^SIP\/2\.0 2/.test(final)) {
      const target = /<([^>]+)>/.exec(header(final, 'Contact'))?.[1] ?? '';
      const routes = [...final.matchAll(/^Record-Route *: *(.*)\r$/gim)].map(([, route]) => `Route: ${route}`).reverse();
      this.wire.send(this.#request('ACK', { to: header(final, 'To'), uri: target, lines: routes }));
    } else {
      this.wire.send(this.#request('ACK', { to: header(final, 'To'), branch: branch(final) }));
    }
  }

  /** Goes without a word. */
  drop(): void {
    this.wire.drop();
  }

  #request(
    method: string,
    { content, to, uri = this.#callee, branch = `z9hG4bK${token()}`, lines = [] }: Partial<{
      content: Content;
      to: string;
      uri: string;
      branch: string;
      lines: readonly string[];
    }>,
  ): string {
    if (method !== 'ACK') this.#seq += 1;
    return [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/WS caller.invalid;branch=${branch}`,
      'Max-Forwards: 70',
      `From: <sip:${this.account.extension}@tabphone>;tag=${this.#tag}`,
      `To: ${to ?? `<${this.#callee}>`}`,
      `Call-ID: ${this.#callId}`,
      `CSeq: ${this.#seq} ${method}`,
      `Contact: <sip:${this.account.extension}@caller.invalid;transport=ws>`,
      ...lines,
      ...(content === undefined ? [] : [`Content-Type: ${content.type}`]),
      `Content-Length: ${Buffer.byteLength(content?.body ?? '')}`,
      '',
      content?.body ?? '',
    ].join('\r\n');
  }

  /** Digest credentials (RFC 7616). */
  #proof(method: string, challenge: string): string {
    const of = (name: string) => new RegExp(`${name}="?([^",]+)`).exec(challenge)?.[1] ?? '';
    const { extension, password } = this.account;
    const [realm, nonce, algorithm] = [of('realm'), of('nonce'), of('algorithm') || 'MD5'];
    const hash = (text: string) => createHash(algorithm.replace('-', '').toLowerCase()).update(text).digest('hex');
    const cnonce = token();
    const response = hash(
      [hash(`${extension}:${realm}:${password}`), nonce, '00000001', cnonce, 'auth', hash(`${method}:${this.#callee}`)].join(':'),
    );
    return (
      `Digest username="${extension}", realm="${realm}", nonce="${nonce}", uri="${this.#callee}", algorithm=${algorithm}, ` +
      `qop=auth, nc=00000001, cnonce="${cnonce}", response="${response}"`
    );
  }

  get #callee(): string {
    return `sip:${this.callee.extension}@tabphone`;
  }
}

/** The value of a header; of several, the first. */
export function header(message: string, name: string): string {
  return new RegExp(`^${name} *: *(.*)\\r$`, 'im').exec(message)?.[1] ?? '';
}

function branch(response: string): string {
  return /branch=([^;,\s]+)/.exec(header(response, 'Via'))?.[1] ?? '';
}
