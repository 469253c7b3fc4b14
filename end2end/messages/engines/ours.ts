/** Ours, as wasm: the module that wasm-bindgen made is bundled with this, under the name `binding`. */

import init, { Writer, read, seen } from 'binding';
import type { Engine, Seen } from '../engine.ts';

const engine: Engine = {
  read,
  seen(text) {
    const lines = seen(text)?.split('\n');
    return lines && (Object.fromEntries(lines.map((line) => line.split(' '))) as unknown as Seen);
  },
  writer({ target, from, tag, branch, callId, seq, contact, sdp }) {
    const writer = Writer.new(target, from, contact);
    return () => writer?.write(tag, branch, callId, seq, sdp) ?? '';
  },
};

export async function load(): Promise<Engine> {
  await init({ module_or_path: import.meta.url.replace(/\.js$/, '.wasm') });
  return engine;
}
