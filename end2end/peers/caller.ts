/** A caller without a phone: it sends an INVITE with whatever body a journey wants, and reads what comes back. */

import type { Account, Server } from '../fixtures/server.ts';
import { branch, credentials, header, token } from '../fixtures/sip.ts';
import { open, type Wire } from '../fixtures/wire.ts';

/** A body with its media type. */
export interface Content {
  readonly type: string;
  readonly body: string;
}

const SESSION = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0'];

/** A description with these lines. */
export function sdp(...lines: readonly string[]): Content {
  return { type: 'application/sdp', body: [...SESSION, ...lines, ''].join('\r\n') };
}

/** What a PBX offers that was set up for browsers, with this DTLS role. */
export function webrtc(setup: string): Content {
  return sdp(
    'm=audio 4000 UDP/TLS/RTP/SAVPF 111 8 0 126',
    'a=rtpmap:111 opus/48000/2',
    'a=rtpmap:126 telephone-event/8000',
    'a=ice-ufrag:abcd',
    'a=ice-pwd:abcdefghijklmnopqrstuv',
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
    `a=setup:${setup}`,
    'a=candidate:1 1 UDP 2130706431 192.0.2.1 4000 typ host',
    'a=rtcp-mux',
  );
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
    const proof = credentials(this.account, 'INVITE', this.#callee, header(challenge, 'Proxy-Authenticate'));
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

  get #callee(): string {
    return `sip:${this.callee.extension}@tabphone`;
  }
}
