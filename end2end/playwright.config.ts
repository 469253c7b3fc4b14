import { defineConfig } from '@playwright/test';
import { availableParallelism } from 'node:os';

/** The journeys. A worker for two cores, and two at the most: two browsers that make and measure sound fill them. */
export default defineConfig({
  testDir: 'journeys',
  outputDir: 'test-results/journeys',
  workers: availableParallelism() < 4 ? 1 : 2,
  fullyParallel: false,
  retries: 0,
  forbidOnly: Boolean(process.env['CI']),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list'], ['./fixtures/table.ts'], ['./fixtures/failures.ts']],
  use: {
    actionTimeout: 10_000,
    navigationTimeout: 15_000,
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: true, sources: false },
  },
});
