/**
 * baresip, a plain phone at the exchange. Its microphone is a tone, and what its loudspeaker plays is listened to: through a
 * pipe that is read at the speed of sound.
 */

import { expect } from '@playwright/test';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../fixtures/ports.ts';
import { bound, type Account } from '../fixtures/server.ts';
import { wav } from '../fixtures/tone.ts';

/** Where Debian keeps its modules. */
const MODULES = '/usr/lib/baresip/modules';
/** Samples a second of its microphone and loudspeaker, whatever the codec has. */
const RATE = 48_000;
/** How long its microphone has something to say, in seconds. */
const LONG = 120;
/** How long anything may take, in milliseconds. */
const PATIENCE = 15_000;
/** A tone is there when its root mean square is at least this, 1 being full scale; below the other one it is silent. */
const AUDIBLE = 0.02;
const SILENT = 0.002;

/** Which phone it is. */
export interface Setup {
  /** Where the exchange serves plain phones. */
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
  /** Its only codec, such as `PCMU/8000/1`. */
  readonly codec: string;
  /** What its microphone hears, in hertz. */
  readonly tone: number;
}

export class Baresip {
  /** The last second of what the loudspeaker played. */
  #heard: number[] = [];
  /** What happened, by its kind, and was not waited for yet. */
  #events: string[] = [];
  #answers: string[] = [];
  #rest = Buffer.alloc(0);
  #stopped = false;

  private constructor(
    readonly account: Account,
    readonly tone: number,
    private readonly folder: string,
    private readonly process: ChildProcess,
    private readonly control: Socket,
    private readonly ear: { readonly file: number; readonly timer: NodeJS.Timeout },
  ) {}

  /** Registered, and ready for calls, which it answers at once. */
  static async start(account: Account, setup: Setup): Promise<Baresip> {
    const folder = await mkdtemp(join(tmpdir(), 'tabphone-baresip-'));
    const control = await freePort();
    await configure(folder, account, setup, control, await freePort());
    // Whoever opens it to write waits until somebody reads.
    const file = openSync(join(folder, 'ear'), constants.O_RDONLY | constants.O_NONBLOCK);
    const [program = '', ...args] = bound(['baresip', '-f', folder]);
    const env = { ...process.env, ALSA_CONFIG_PATH: join(folder, 'asound.conf') };
    const running = spawn(program, args, { stdio: 'ignore', env });
    const socket = await reached(control);
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      phone.#listen(file, Math.round(((now - before) * RATE) / 1000) * 4);
      before = now;
    }, 20);
    const phone = new Baresip(account, setup.tone, folder, running, socket, { file, timer });
    socket.on('data', (chunk: Buffer) => phone.#read(chunk));
    await phone.#poll('is registered', async () => /OK/.test(await phone.#command('reginfo')));
    return phone;
  }

  async dial(number: string): Promise<void> {
    await this.#command('dial', number);
  }

  async hold(): Promise<void> {
    await this.#describe('hold');
  }

  async resume(): Promise<void> {
    await this.#describe('resume');
  }

  async transfer(number: string): Promise<void> {
    await this.#command('transfer', number);
  }

  async hangUp(): Promise<void> {
    await this.#command('hangup');
  }

  /** It has a call that is up. */
  async inCall(): Promise<void> {
    await this.#has('CALL_ESTABLISHED');
  }

  /** A call that was up, or was coming, is over. */
  async hasLostCall(): Promise<void> {
    await this.#has('CALL_CLOSED');
  }

  /** Its loudspeaker plays the tone of the other end. */
  async hears(other: { readonly tone: number }): Promise<void> {
    const heard = (): number | string => {
      const last = this.#heard.slice(-RATE / 10);
      if (last.length > 0 && level(last) > AUDIBLE && share(last, other.tone) > 0.8) return other.tone;
      return `level ${level(last)}, of which ${share(last, other.tone)}`;
    };
    await expect.poll(heard, { message: `${this.account.name} hears ${other.tone} Hz`, timeout: PATIENCE, intervals: [30] }).toBe(other.tone);
  }

  /** Its loudspeaker is silent. */
  async hearsNothing(): Promise<void> {
    await this.#poll('hears nothing', () => this.#heard.length === RATE && level(this.#heard) < SILENT);
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.ear.timer);
    this.control.destroy();
    if (this.process.exitCode === null) {
      const gone = once(this.process, 'exit');
      this.process.kill('SIGKILL');
      await gone;
    }
    closeSync(this.ear.file);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Until the other end has answered. */
  async #describe(command: string): Promise<void> {
    this.#events = [];
    await this.#command(command);
    await this.#has('CALL_REMOTE_SDP');
  }

  async #has(event: string): Promise<void> {
    await this.#poll(`has ${event}`, () => this.#events.includes(event));
    this.#events.splice(0, this.#events.indexOf(event) + 1);
  }

  async #poll(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    await expect.poll(holds, { message: `${this.account.name} ${what}`, timeout: PATIENCE, intervals: [30] }).toBe(true);
  }

  /** What it says to this. */
  async #command(command: string, params = ''): Promise<string> {
    const text = JSON.stringify({ command, params, token: 't' });
    this.#answers = [];
    this.control.write(`${Buffer.byteLength(text)}:${text},`);
    await this.#poll(`answers ${command}`, () => this.#answers.length > 0);
    return this.#answers[0] ?? '';
  }

  /** Netstrings of JSON. */
  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const colon = this.#rest.indexOf(':');
      const length = Number(this.#rest.subarray(0, colon).toString());
      if (colon < 0 || this.#rest.length < colon + length + 2) return;
      const told = JSON.parse(this.#rest.subarray(colon + 1, colon + 1 + length).toString()) as { response?: boolean; data?: string; type?: string };
      this.#rest = this.#rest.subarray(colon + length + 2);
      if (told.response === true) this.#answers.push(told.data ?? '');
      else if (told.type !== undefined) this.#events.push(told.type);
    }
  }

  /** Two channels of 16 bits, of which one is kept. */
  #listen(file: number, due: number): void {
    const bytes = Buffer.alloc(due);
    let length = 0;
    try {
      length = readSync(file, bytes, 0, due, null);
    } catch {
      // Nothing is played at the moment.
    }
    for (let at = 0; at + 4 <= length; at += 4) this.#heard.push(bytes.readInt16LE(at) / 32_768);
    this.#heard.splice(0, Math.max(0, this.#heard.length - RATE));
  }
}

async function configure(folder: string, account: Account, setup: Setup, control: number, own: number): Promise<void> {
  const server = `sip:127.0.0.1:${setup.port};transport=${setup.transport}`;
  await writeFile(
    join(folder, 'accounts'),
    `<sip:${account.extension}@${server.slice('sip:'.length)}>;auth_pass="${account.password}";regint=600;answermode=auto;outbound="${server}";audio_codecs=${setup.codec}\n`,
  );
  await writeFile(join(folder, 'tone.wav'), wav(setup.tone, { pulsed: false, seconds: LONG }));
  execFileSync('mkfifo', [join(folder, 'ear')]);
  await writeFile(join(folder, 'asound.conf'), `pcm.ear { type file slave.pcm { type null } file "${join(folder, 'ear')}" format "raw" }\n`);
  const config = [
    `sip_listen 127.0.0.1:${own}`,
    `audio_source aufile,${join(folder, 'tone.wav')}`,
    'audio_player alsa,ear',
    'audio_alert none,none',
    `ausrc_srate ${RATE}`,
    `auplay_srate ${RATE}`,
    'ausrc_channels 1',
    'auplay_channels 2',
    'net_interface 127.0.0.1',
    'rtp_ports 15000-19999',
    `ctrl_tcp_listen 127.0.0.1:${control}`,
    `module_path ${MODULES}`,
    ...['g711', 'g722', 'opus', 'gsm', 'alsa', 'aufile'].map((name) => `module ${name}.so`),
    'module_tmp uuid.so',
    'module_tmp account.so',
    'module_app menu.so',
    'module_app ctrl_tcp.so',
    '',
  ];
  await writeFile(join(folder, 'config'), config.join('\n'));
}

async function reached(port: number): Promise<Socket> {
  for (const until = Date.now() + PATIENCE; Date.now() < until; ) {
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
    if (open) return socket;
    await new Promise((soon) => setTimeout(soon, 50));
  }
  throw new Error('baresip does not start');
}

/** The root mean square. */
function level(heard: readonly number[]): number {
  return Math.sqrt(heard.reduce((sum, sample) => sum + sample * sample, 0) / heard.length);
}

/** How much of what was heard is this tone, between 0 and 1 (Goertzel). */
function share(heard: readonly number[], tone: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * tone) / RATE);
  let [one, two, all] = [0, 0, 0];
  for (const sample of heard) {
    [one, two] = [sample + coefficient * one - two, one];
    all += sample * sample;
  }
  return (2 * (one * one + two * two - coefficient * one * two)) / (heard.length * all);
}
