import journeys from './playwright.config.ts';

/** Messages in a browser, beside other engines: `make bench-messages` starts it. */
export default { ...journeys, testDir: 'messages', outputDir: 'test-results/messages-run', timeout: 600_000, use: { ...journeys.use, trace: 'off' as const } };
