import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SITE } from '../fixtures/server.ts';
import { test, expect } from '../fixtures/test.ts';

/** Bytes that the client may weigh, wasm and glue together, as they go over the wire. */
const BUDGET = 432_000;

test('the client keeps to its budget of bytes', async () => {
  const folder = join(SITE, 'pkg');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.br'));
  expect(files.filter((name) => name.endsWith('.wasm.br')), 'there is a client to weigh').toHaveLength(1);
  expect(files.filter((name) => name.endsWith('.js.br')), 'and what loads it').not.toHaveLength(0);
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(folder, name))).size));
  expect(sizes.reduce((sum, size) => sum + size, 0), files.join(' + ')).toBeLessThan(BUDGET);
});
