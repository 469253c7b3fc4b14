import journeys from './playwright.config.ts';

/** Pictures of the pages, for looking at them and for the README: into `SCREENSHOTS`, or `test-results/screenshots`. */
export default { ...journeys, testDir: 'screenshots', outputDir: 'test-results/screenshots-run' };
