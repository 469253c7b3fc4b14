// Measures, and prints the result as a markdown table: `node bench/run.mjs [RUNS]`. Progress goes to standard error.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));
const table = `${folder}test-results/bench.md`;
const { status } = spawnSync('npx', ['playwright', 'test', '--config', 'bench.config.ts'], {
  cwd: folder,
  env: { ...process.env, BENCH_RUNS: process.argv[2] ?? process.env.BENCH_RUNS ?? '20', BENCH_TABLE: table },
  stdio: ['ignore', 2, 2],
});
if (status !== 0) process.exit(status ?? 1);
process.stdout.write(readFileSync(table, 'utf8'));
