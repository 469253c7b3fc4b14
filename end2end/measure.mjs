// Runs `bench`, `messages` or `soak`, and prints what it found as markdown: `node measure.mjs bench`. Progress goes
// to standard error.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const folder = import.meta.dirname;
const what = process.argv[2];
if (what !== 'bench' && what !== 'messages' && what !== 'soak') {
  process.stderr.write('usage: node measure.mjs bench|messages|soak\n');
  process.exit(2);
}
const table = join(folder, 'test-results', `${what}.md`);
mkdirSync(join(folder, 'test-results'), { recursive: true });
/** What the soak of the line tells beside that, and what it remembers for it. */
const line = join(folder, 'test-results', 'line.md');
for (const file of [table, ...(what === 'soak' ? [line, line.replace(/md$/, 'jsonl')] : [])]) rmSync(file, { force: true });
const { status } = spawnSync('npx', ['--no-install', 'playwright', 'test', '--config', `${what}.config.ts`, ...process.argv.slice(3)], {
  cwd: folder,
  env: { ...process.env, TABLE: table },
  stdio: ['ignore', 2, 2],
});
for (const file of [table, ...(what === 'soak' ? [line] : [])]) {
  if (existsSync(file)) process.stdout.write(`${readFileSync(file, 'utf8')}\n`);
}
process.exit(status ?? 1);
