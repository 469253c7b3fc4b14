import journeys from './playwright.config.ts';

/** Long repetitions: `make soak`. `SOAK_CALLS` and `SOAK_RELOADS` say how many. */
export default { ...journeys, testDir: 'soak', outputDir: 'test-results/soak', timeout: 0 };
