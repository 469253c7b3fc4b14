/** A real Kamailio: registrar and proxy of a company, in memory, at a free port of the loopback. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../fixtures/ports.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
/** How long it may take until it listens, in milliseconds. */
const PATIENCE = 10_000;

/** The domain of its people. */
export const DOMAIN = 'example.com';
/** The password of everybody there, from 2001 to 2006. */
export const PASSWORD = 'only the pbx knows';

export class Kamailio {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async start(): Promise<Kamailio> {
    const [folder, port, config] = await Promise.all([
      mkdtemp(join(tmpdir(), 'tabphone-kamailio-')),
      freePort(),
      readFile(join(HERE, 'kamailio.cfg'), 'utf8'),
    ]);
    const filled = { PORT: String(port), PASSWORD, ALGORITHM: 'MD5', DEBUG: '-1', TLS: '' };
    const told = Object.entries(filled).reduce((text, [name, value]) => text.replaceAll(`@${name}@`, value), config);
    await writeFile(join(folder, 'kamailio.cfg'), told);
    const kamailio = new Kamailio(folder, port);
    await kamailio.#spawn();
    return kamailio;
  }

  /** Where phones connect. */
  get socket(): string {
    return `ws://127.0.0.1:${this.port}/`;
  }

  /** The option of `tabphone serve` that names it. */
  get option(): string {
    return `office=${this.socket},domain=${DOMAIN},extensions=2*,kind=kamailio`;
  }

  /** Where everybody is registered: Contact and connection, by extension. */
  async locations(): Promise<Record<string, string[]>> {
    const body = JSON.stringify({ jsonrpc: '2.0', method: 'ul.dump', id: 1 });
    const answer = await fetch(`http://127.0.0.1:${this.port}/rpc`, { method: 'POST', body });
    const { result } = (await answer.json()) as { result: Dump };
    const users = (result.Domains ?? []).flatMap(({ Domain }) => Domain.AoRs ?? []);
    const where = ({ Info }: User): [string, string[]] => [Info.AoR, Info.Contacts.map(({ Contact }) => `${Contact.Address} ${Contact.Received}`)];
    return Object.fromEntries(users.map(where));
  }

  async stop(): Promise<void> {
    const running = this.#process;
    if (running !== undefined && running.exitCode === null) {
      const gone = once(running, 'exit');
      // Its children end with it.
      running.kill('SIGTERM');
      await gone;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  async #spawn(): Promise<void> {
    const files = ['-f', join(this.folder, 'kamailio.cfg'), '-Y', this.folder, '-P', join(this.folder, 'pid')];
    const child = spawn('kamailio', ['-DD', '-E', '-m', '64', '-M', '8', ...files], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const failed = new Promise<never>((_, fail) => {
      child.on('error', fail);
      child.on('exit', () => fail(new Error(`Kamailio ended:\n${said}`)));
    });
    // Nobody listens to this once it is up.
    failed.catch(() => {});
    await Promise.race([this.#listens(), failed]);
  }

  async #listens(): Promise<void> {
    for (const until = Date.now() + PATIENCE; Date.now() < until; ) {
      const socket = connect(this.port, '127.0.0.1');
      const open = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
      socket.destroy();
      if (open) return;
      await new Promise((soon) => setTimeout(soon, 50));
    }
    throw new Error('Kamailio does not listen');
  }
}

interface Dump {
  readonly Domains?: readonly { readonly Domain: { readonly AoRs?: readonly User[] } }[];
}

interface User {
  readonly Info: {
    readonly AoR: string;
    readonly Contacts: readonly { readonly Contact: { readonly Address: string; readonly Received: string } }[];
  };
}
