import { mkdir, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { dirname } from 'node:path';
import type { Page } from '@playwright/test';
import type { Phone, Phones, Server } from '../fixtures/test.ts';
import type { PeerSite } from '../peers/site.ts';
import { test, expect, ALICE, BOB, CAROL, HIGH, LOW } from '../peers/test.ts';
import { table, type Row } from './numbers.ts';
import { installStopwatch } from './stopwatch.ts';

const RUNS = Number(process.env['BENCH_RUNS'] ?? 20);
const TABLE = process.env['TABLE'] ?? 'test-results/bench.md';
const MICROPHONE = { pulsed: false, before: (page: Page) => page.addInitScript(installStopwatch) };

test(`${RUNS} runs of everything`, async ({ phones, server, site }) => {
  const alice = await phones.open(ALICE, { ...MICROPHONE, tone: LOW });
  const bob = await phones.open(BOB, { ...MICROPHONE, tone: HIGH });
  const rows: Row[] = [];
  rows.push(...(await weight(alice)));
  rows.push(await navigation(alice, true));
  rows.push(await navigation(alice, false));
  rows.push(...(await calls(alice, bob)));
  rows.push(await jssip(phones, server, site, alice));
  await mkdir(dirname(TABLE), { recursive: true });
  const command = RUNS === 20 ? 'make bench' : `BENCH_RUNS=${RUNS} make bench`;
  const caption = `Measured with \`${command}\`: ${RUNS} runs each, two Chromiums and the server on one machine, over its loopback.`;
  await writeFile(TABLE, `${caption}\n\n${table(rows)}`);
});

/** What the phone page loads, as it comes over the wire. */
async function weight(phone: Phone): Promise<Row[]> {
  const files: string[] = [];
  const note = (request: { url(): string }) => files.push(request.url());
  phone.page.on('request', note);
  await phone.page.reload();
  await phone.isReady();
  phone.page.off('request', note);
  const code = [...new Set(files)].filter((url) => /\.(wasm|js)$/.test(new URL(url).pathname));
  expect(code.some((url) => url.endsWith('.wasm'))).toBe(true);
  const sizes = await Promise.all(code.map(brotli));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return [{ what: 'Wasm and glue, brotli', how: 'all `.wasm` and `.js` that the phone page loads, as served', unit: 'kB', values: [bytes / 1000] }];
}

async function brotli(url: string): Promise<number> {
  return await new Promise((done, failed) => {
    get(url, { headers: { 'Accept-Encoding': 'br' } }, (response) => {
      if (response.headers['content-encoding'] !== 'br') failed(new Error(`${url} does not come in brotli`));
      let size = 0;
      response.on('data', (chunk: Buffer) => (size += chunk.length));
      response.on('end', () => done(size));
    }).on('error', failed);
  });
}

/** From the start of a navigation to the moment that the phone is registered. */
async function navigation({ page }: Phone, cold: boolean): Promise<Row> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.setCacheDisabled', { cacheDisabled: cold });
  const values: number[] = [];
  for (let n = 0; n < RUNS; n += 1) {
    await page.reload();
    await expect
      .poll(() => page.evaluate(() => performance.getEntriesByName('tabphone:ready')[0]?.startTime ?? 0), { intervals: [20] })
      .toBeGreaterThan(0);
    values.push(await page.evaluate(() => performance.getEntriesByName('tabphone:ready')[0]?.startTime ?? NaN));
  }
  await session.detach();
  return {
    what: `Navigation to Ready, ${cold ? 'nothing cached' : 'cached'}`,
    how: 'from the start of the navigation to the mark `tabphone:ready`',
    unit: 'ms',
    values,
  };
}

/** From clicks to the INVITE, and to sound at both ends. */
async function calls(alice: Phone, bob: Phone): Promise<Row[]> {
  const invites: number[] = [];
  const sounds: number[] = [];
  for (let n = 0; n < RUNS; n += 1) {
    const ears = await Promise.all(
      [alice, bob].map(async ({ page }) => ({ page, known: await page.evaluate(() => window.probe.peers.length) })),
    );
    await alice.dial(BOB.extension);
    await expect(bob.button('Answer')).toBeVisible();
    invites.push(await alice.page.evaluate(() => window.stopwatch.invited - window.stopwatch.clicked));
    const sound = Promise.all(ears.map(({ page, known }) => page.evaluate((first) => window.stopwatch.sound(first), known)));
    await bob.answer();
    const both = Math.max(...(await sound));
    sounds.push(both - (await bob.page.evaluate(() => window.stopwatch.clicked)));
    await alice.hangUp();
    await Promise.all([alice.isFree(), bob.isFree()]);
  }
  return [
    { what: 'Click on Call to INVITE on the wire', how: 'from the click event to `WebSocket.send`, microphone opened in between', unit: 'ms', values: invites },
    { what: 'Click on Answer to two-way audio', how: 'from the click event to decoded sound at both ends (`totalAudioEnergy`)', unit: 'ms', values: sounds },
  ];
}

/** The same click with JsSIP, in the same browser and against the same server. */
async function jssip(phones: Phones, server: Server, site: PeerSite, callee: Phone): Promise<Row> {
  const { page } = await phones.page({ ...MICROPHONE, tone: HIGH });
  await page.goto(site.page('JsSIP', CAROL, server.at('/sip', 'ws')));
  await expect(page.getByRole('status')).toHaveText('Ready');
  await page.getByLabel('Number to call').fill(callee.account.extension);
  const values: number[] = [];
  for (let n = 0; n < RUNS; n += 1) {
    await page.getByRole('button', { name: 'Call', exact: true }).click();
    await callee.decline();
    values.push(await page.evaluate(() => window.stopwatch.invited - window.stopwatch.clicked));
    await callee.isFree();
    await expect(page.locator('#call')).toHaveText('Ended by remote: Rejected');
  }
  return { what: 'Click on Call to INVITE, JsSIP', how: 'as above, in the same browser and against the same server', unit: 'ms', values };
}
