import journeys from './playwright.config.ts';

/** Measurements: `bench/run.mjs` starts them, and prints what they wrote. */
export default { ...journeys, testDir: 'bench', outputDir: 'test-results/bench-run', timeout: 600_000, use: { ...journeys.use, trace: 'off' as const } };
