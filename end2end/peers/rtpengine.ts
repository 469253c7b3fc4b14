/** A real rtpengine, in userspace, on the loopback. */

import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { freePort } from '../fixtures/ports.ts';
import { bound } from '../fixtures/server.ts';

/** How long it may take until it answers, in milliseconds. */
const PATIENCE = 15_000;

export class Rtpengine {
  #said = '';

  private constructor(
    private readonly process: ChildProcess,
    /** Of its ng protocol, for `tabphone serve --rtpengine`. */
    readonly address: string,
  ) {
    process.stderr?.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
  }

  static async start(): Promise<Rtpengine> {
    const port = await freePort();
    const [program = '', ...args] = bound([
      'rtpengine', '--config-file=none', '--table=-1', '--interface=127.0.0.1', `--listen-ng=127.0.0.1:${port}`, '--foreground', '--log-stderr', '--log-level=5',
      '--port-min=10000', '--port-max=14999',
    ]);
    const engine = new Rtpengine(spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] }), `127.0.0.1:${port}`);
    await engine.#answers(port);
    return engine;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }

  async #answers(port: number): Promise<void> {
    const socket = createSocket('udp4');
    const ask = (): void => socket.send('first {"command":"ping"}', port, '127.0.0.1');
    const asking = setInterval(ask, 100);
    const late = new Promise<never>((_, fail) => setTimeout(() => fail(new Error(`rtpengine does not answer:\n${this.#said}`)), PATIENCE).unref());
    // While nobody listens there the system says so.
    socket.on('error', () => {});
    try {
      await Promise.race([once(socket, 'message'), late]);
    } finally {
      clearInterval(asking);
      socket.close();
    }
  }
}
