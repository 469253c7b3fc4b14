import journeys from './playwright.config.ts';

/** Measurements: `npm run bench` starts them and prints their table; `BENCH_RUNS` says how many runs. One worker: nothing runs beside what is measured. */
export default { ...journeys, workers: 1, testDir: 'bench', outputDir: 'test-results/bench-run', timeout: 1_800_000, use: { ...journeys.use, trace: 'off' as const } };
