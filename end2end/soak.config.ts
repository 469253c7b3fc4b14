import journeys from './playwright.config.ts';

/** Long repetitions: `npm run soak` starts them and prints their table; `SOAK_CALLS` and `SOAK_RELOADS` say how many. One worker: nothing runs beside what is measured. */
export default { ...journeys, workers: 1, testDir: 'soak', outputDir: 'test-results/soak', timeout: 0 };
