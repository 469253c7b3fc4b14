import journeys from './playwright.config.ts';

/** Messages in a browser, beside other engines: `make bench-messages` starts it. One worker: nothing runs beside what is measured. */
export default { ...journeys, workers: 1, testDir: 'messages', outputDir: 'test-results/messages-run', timeout: 600_000, use: { ...journeys.use, trace: 'off' as const } };
