import { mkdir, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { dirname } from 'node:path';
import type { Page } from '@playwright/test';
import type { Account, Phone, Phones } from '../fixtures/test.ts';
import { Mute } from '../fixtures/turn.ts';
import type { PeerSite } from '../peers/site.ts';
import { test, expect, Server, ALICE, BOB, CAROL, DORA, HIGH, LOW, type Library } from '../peers/test.ts';
import { table, type Row } from './numbers.ts';
import { installStopwatch } from './stopwatch.ts';

const RUNS = Number(process.env['BENCH_RUNS'] ?? 20);
/** Of what takes many seconds. */
const FEW = Math.max(1, Math.round(RUNS / 5));
const TABLE = process.env['TABLE'] ?? 'test-results/bench.md';
const MICROPHONE = { pulsed: false, before: (page: Page) => page.addInitScript(installStopwatch) };

test(`${RUNS} runs of everything`, async ({ phones, server, site, template }) => {
  const alice = await phones.open(ALICE, { ...MICROPHONE, tone: LOW });
  const bob = await phones.open(BOB, { ...MICROPHONE, tone: HIGH });
  const rows: Row[] = [];
  rows.push(...(await weight(alice)));
  rows.push(await navigation(alice, true));
  rows.push(await navigation(alice, false));
  rows.push(...(await calls(ours(alice), ours(bob), RUNS, '')));
  for (const library of ['JsSIP', 'SIP.js'] as const) {
    const [one, other] = await rivals(library, phones, server, site);
    rows.push(...(await calls(one, other, RUNS, `, ${library}`)));
    await Promise.all([one.page.close(), other.page.close()]);
  }
  rows.push(...(await deadStun(phones, site, template)));
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

/** A phone that is measured, whoever made it. */
interface Subject {
  readonly page: Page;
  readonly account: Account;
  dial(number: string): Promise<void>;
  /** Nothing of the last call is left. */
  isFree(): Promise<void>;
}

const ours = (phone: Phone): Subject => phone;

/** Two pages of another library, in the same browsers and at the same server. */
async function rivals(library: Library, phones: Phones, server: Server, site: PeerSite, stun?: string): Promise<[Subject, Subject]> {
  const open = async (account: Account, tone: number): Promise<Subject> => {
    const { page } = await phones.page({ ...MICROPHONE, tone });
    await page.goto(site.page(library, account, server.at('/sip', 'ws'), stun === undefined ? {} : { stun }));
    await expect(page.getByRole('status')).toHaveText('Ready');
    return {
      page,
      account,
      async dial(number) {
        await page.getByLabel('Number to call').fill(number);
        await page.getByRole('button', { name: 'Call', exact: true }).click();
      },
      async isFree() {
        await expect(page.locator('#call')).toHaveText(/^Ended by/);
      },
    };
  };
  return [await open(CAROL, LOW), await open(DORA, HIGH)];
}

/** From clicks to the INVITE, and to sound at both ends. */
async function calls(caller: Subject, callee: Subject, runs: number, who: string): Promise<Row[]> {
  const invites: number[] = [];
  const sounds: number[] = [];
  const button = ({ page }: Subject, name: string) => page.getByRole('button', { name, exact: true });
  for (let n = 0; n < runs; n += 1) {
    const ears = await Promise.all(
      [caller, callee].map(async ({ page }) => ({ page, known: await page.evaluate(() => window.probe.peers.length) })),
    );
    await caller.dial(callee.account.extension);
    await expect(button(callee, 'Answer')).toBeVisible({ timeout: 60_000 });
    invites.push(await caller.page.evaluate(() => window.stopwatch.invited - window.stopwatch.clicked));
    const sound = Promise.all(ears.map(({ page, known }) => page.evaluate((first) => window.stopwatch.sound(first), known)));
    await button(callee, 'Answer').click();
    const both = Math.max(...(await sound));
    sounds.push(both - (await callee.page.evaluate(() => window.stopwatch.clicked)));
    await button(caller, 'Hang up').click();
    await Promise.all([caller.isFree(), callee.isFree()]);
  }
  const count = runs === RUNS ? '' : ` (${runs} runs)`;
  return [
    { what: `Click on Call to INVITE on the wire${who}`, how: `from the click event to \`WebSocket.send\`, microphone opened in between${count}`, unit: 'ms', values: invites },
    { what: `Click on Answer to two-way audio${who}`, how: `from the click event to decoded sound at both ends (\`totalAudioEnergy\`)${count}`, unit: 'ms', values: sounds },
  ];
}

/** The same with a STUN server that says nothing. */
async function deadStun(phones: Phones, site: PeerSite, template: string): Promise<Row[]> {
  const mute = await Mute.start();
  const server = await Server.start({ from: template, args: ['--ice-server', mute.url] });
  try {
    const alice = await phones.open(ALICE, { ...MICROPHONE, tone: LOW, server });
    const bob = await phones.open(BOB, { ...MICROPHONE, tone: HIGH, server });
    const rows = await calls(ours(alice), ours(bob), FEW, ', a dead STUN server');
    for (const library of ['JsSIP', 'SIP.js'] as const) {
      const [one, other] = await rivals(library, phones, server, site, mute.url);
      rows.push(...(await calls(one, other, FEW, `, ${library}, a dead STUN server`)));
      await Promise.all([one.page.close(), other.page.close()]);
    }
    await Promise.all([alice.page.close(), bob.page.close()]);
    return rows;
  } finally {
    await server.dispose();
    mute.stop();
  }
}
