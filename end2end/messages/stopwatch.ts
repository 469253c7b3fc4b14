/** What takes the times, inside of the page. */

import type { Engine, EngineModule, Invite, Seen } from './engine.ts';

/** Microseconds a message, one number a round, for each engine. One that fails is not there. */
export type Times = Record<string, number[]>;

export interface Cold {
  /** Milliseconds from the import of the engine until it can parse. */
  readonly load: number;
  /** Milliseconds of the first parse. */
  readonly first: number;
}

const ROUNDS = 40;
/** Milliseconds of one engine in a round, about. */
const ROUND = 5;
/** Milliseconds after which all is compiled as well as it will be, one hopes. */
const WARM = 300;
/** As many strings are read in turn: what comes from the wire is never the string that came before. */
const COPIES = 32;

/** What an engine reads of a message. */
export async function seen(name: string, text: string): Promise<Seen | undefined> {
  return (await engine(name)).seen(text);
}

/** The INVITE that an engine writes. */
export async function written(name: string, invite: Invite): Promise<string> {
  return (await engine(name)).writer(invite)();
}

/** Reads a message with each engine, again and again. */
export async function reading(names: readonly string[], text: string): Promise<Times> {
  const copies = Array.from({ length: COPIES }, (_, n) => flat(text.replace(/(branch=z9hG4bK\d+)\d\d/, `$1${10 + n}`)));
  const work = new Map<string, (n: number) => unknown>();
  for (const name of names) {
    const { read } = await engine(name);
    if (read(text) >= 0) work.set(name, (n) => read(copies[n % COPIES] ?? ''));
  }
  return inTurn(work);
}

/** Builds and writes an INVITE with each engine, again and again. */
export async function writing(names: readonly string[], invite: Invite): Promise<Times> {
  const work = new Map<string, (n: number) => unknown>();
  for (const name of names) {
    const write = (await engine(name)).writer(invite);
    // Looking into the string makes it flat, which a socket does too.
    work.set(name, () => write().charCodeAt(0));
  }
  return inTurn(work);
}

/** In a page that did nothing yet: how long until a first message is read. */
export async function cold(name: string, text: string): Promise<Cold> {
  const message = flat(text);
  const start = performance.now();
  const { read } = await engine(name);
  const loaded = performance.now();
  read(message);
  return { load: loaded - start, first: performance.now() - loaded };
}

async function engine(name: string): Promise<Engine> {
  return await ((await import(`/${name}.js`)) as EngineModule).load();
}

/** One after the other, round by round, so that what else the machine does falls on all. */
function inTurn(work: Map<string, (n: number) => unknown>): Times {
  const counts = new Map([...work].map(([name, once]) => [name, warm(once)]));
  const times: Times = Object.fromEntries([...work.keys()].map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, once] of work) {
      const count = counts.get(name) ?? 1;
      const start = performance.now();
      for (let n = 0; n < count; n += 1) once(n);
      times[name]?.push(((performance.now() - start) / count) * 1000);
    }
  }
  return times;
}

/** Does the work until it is warm, and says how often it fits into a round. */
function warm(once: (n: number) => unknown): number {
  let count = 0;
  const start = performance.now();
  while (performance.now() - start < WARM) {
    for (let n = 0; n < 50; n += 1) once(n);
    count += 50;
  }
  return Math.max(1, Math.round((count * ROUND) / WARM));
}

/** As one string, not as pieces that wait to be joined: so it comes from a socket. */
function flat(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text));
}
