import { mkdir, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { dirname } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import type { Colour } from '../fixtures/picture.ts';
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
const LIBRARIES = ['JsSIP', 'SIP.js'] as const;
const MICROPHONE = { pulsed: false, before: (page: Page) => page.addInitScript(installStopwatch) };

test(`${RUNS} runs of everything`, async ({ phones, server, site, template }) => {
  const alice = await phones.open(ALICE, { ...MICROPHONE, tone: LOW });
  const bob = await phones.open(BOB, { ...MICROPHONE, tone: HIGH });
  const rows: Row[] = [];
  rows.push(...(await weight(alice)));
  rows.push(await navigation(alice, true));
  rows.push(await navigation(alice, false));
  const all: Contest[] = [{ who: '', pair: [ours(alice), ours(bob)] }];
  for (const library of LIBRARIES) all.push({ who: `, ${library}`, pair: await rivals(library, phones, server, site) });
  rows.push(...(await calls(all, RUNS)));
  for (const { pair } of all.slice(1)) for (const { page } of pair) await page.close();
  rows.push(...(await deadStun(phones, site, template)));
  rows.push(...(await pictures(phones, site, template)));
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
async function rivals(
  library: Library,
  phones: Phones,
  server: Server,
  site: PeerSite,
  asked: { readonly stun?: string; readonly video?: boolean } = {},
): Promise<[Subject, Subject]> {
  const open = async (account: Account, tone: number, colour: Colour): Promise<Subject> => {
    const { page } = await phones.page({ ...MICROPHONE, tone, ...(asked.video === true ? { colour } : {}) });
    await page.goto(site.page(library, account, server.at('/sip', 'ws'), asked));
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
  return [await open(CAROL, LOW, 'red'), await open(DORA, HIGH, 'blue')];
}

/** Two phones of one make that call one another, and how they are told in the table. */
interface Contest {
  readonly who: string;
  readonly pair: readonly [Subject, Subject];
}

/** From clicks to the INVITE, and to sound at both ends. The pairs take turns, so that what else the machine does meets all of them. */
async function calls(contests: readonly Contest[], runs: number): Promise<Row[]> {
  const taken = contests.map(({ who, pair: [caller, callee] }) => ({ who, caller, callee, invites: [] as number[], sounds: [] as number[] }));
  for (let n = 0; n < runs; n += 1) {
    for (const { caller, callee, invites, sounds } of taken) {
      const { invite, sound } = await call(caller, callee);
      invites.push(invite);
      sounds.push(sound);
    }
  }
  const count = runs === RUNS ? '' : ` (${runs} runs)`;
  return taken.flatMap(({ who, invites, sounds }) => [
    { what: `Click on Call to INVITE on the wire${who}`, how: `from the click event to \`WebSocket.send\`${count}`, unit: 'ms', values: invites },
    { what: `Click on Answer to two-way audio${who}`, how: `from the click event to decoded sound at both ends (\`RTCRtpSynchronizationSource.audioLevel\`)${count}`, unit: 'ms', values: sounds },
  ]);
}

/** One call, in milliseconds. */
async function call(caller: Subject, callee: Subject): Promise<{ invite: number; sound: number }> {
  const ears = await observers(caller, callee);
  await caller.dial(callee.account.extension);
  await expect(button(callee, 'Answer')).toBeVisible({ timeout: 60_000 });
  const invite = await caller.page.evaluate(() => window.stopwatch.invited - window.stopwatch.clicked);
  const heard = Promise.all(ears.map(({ page, known }) => page.evaluate((first) => window.stopwatch.sound(first), known)));
  await button(callee, 'Answer').click();
  const both = Math.max(...(await heard));
  const sound = both - (await clicked(callee));
  await button(caller, 'Hang up').click();
  await Promise.all([caller.isFree(), callee.isFree()]);
  return { invite, sound };
}

/** A button of whoever it is. */
const button = ({ page }: Subject, name: string): Locator => page.getByRole('button', { name, exact: true });

/** When somebody clicked last. */
const clicked = async ({ page }: Subject): Promise<number> => await page.evaluate(() => window.stopwatch.clicked);

/** Both pages, and how many connections they had before the call. */
async function observers(...pair: readonly Subject[]): Promise<{ page: Page; known: number }[]> {
  return await Promise.all(pair.map(async ({ page }) => ({ page, known: await page.evaluate(() => window.probe.peers.length) })));
}

/** The same with a STUN server that says nothing. */
async function deadStun(phones: Phones, site: PeerSite, template: string): Promise<Row[]> {
  const mute = await Mute.start();
  const server = await Server.start({ from: template, args: ['--ice-server', mute.url, '--allow-origin', site.origin] });
  try {
    const alice = await phones.open(ALICE, { ...MICROPHONE, tone: LOW, server });
    const bob = await phones.open(BOB, { ...MICROPHONE, tone: HIGH, server });
    const all: Contest[] = [{ who: ', a dead STUN server', pair: [ours(alice), ours(bob)] }];
    for (const library of LIBRARIES) {
      all.push({ who: `, ${library}, a dead STUN server`, pair: await rivals(library, phones, server, site, { stun: mute.url }) });
    }
    const rows = await calls(all, FEW);
    for (const { pair } of all) for (const { page } of pair) await page.close();
    return rows;
  } finally {
    await server.dispose();
    mute.stop();
  }
}

/** From clicks to pictures at both ends, on a server of its own, where nobody has a phone yet. */
async function pictures(phones: Phones, site: PeerSite, template: string): Promise<Row[]> {
  const server = await Server.start({ from: template, args: ['--allow-origin', site.origin] });
  try {
    const alice = await phones.open(ALICE, { ...MICROPHONE, tone: LOW, colour: 'red', server });
    const bob = await phones.open(BOB, { ...MICROPHONE, tone: HIGH, colour: 'blue', server });
    const seeing = (phone: Phone): Subject => ({ page: phone.page, account: phone.account, dial: (number) => phone.dialWithVideo(number), isFree: () => phone.isFree() });
    const taken = [{ who: '', caller: seeing(alice), callee: seeing(bob), answers: 'Answer with video', seen: [] as number[] }];
    for (const library of LIBRARIES) {
      const [caller, callee] = await rivals(library, phones, server, site, { video: true });
      taken.push({ who: `, ${library}`, caller, callee, answers: 'Answer', seen: [] });
    }
    const resumed: number[] = [];
    for (let n = 0; n < RUNS; n += 1) {
      for (const { who, caller, callee, answers, seen } of taken) {
        const { answer, resume } = await videoCall(caller, callee, answers, who === '');
        seen.push(answer);
        if (resume !== undefined) resumed.push(resume);
      }
    }
    for (const { caller, callee } of taken) for (const { page } of [caller, callee]) await page.close();
    const how = 'decoded pictures at both ends (`framesDecoded`); cameras give ten a second';
    return [
      ...taken.map(({ who, seen }): Row => ({ what: `Click on Answer to pictures both ways${who}`, how: `from the click event to ${how}`, unit: 'ms', values: seen })),
      { what: 'Click on Resume to pictures both ways', how: `from the click event to ${how}`, unit: 'ms', values: resumed },
    ];
  } finally {
    await server.dispose();
  }
}

/** One video call, and a hold in it if it is told so, in milliseconds. */
async function videoCall(caller: Subject, callee: Subject, answers: string, holds: boolean): Promise<{ answer: number; resume?: number }> {
  const eyes = await observers(caller, callee);
  /** When both see more than each of them did. */
  const pictured = async (before: readonly number[]): Promise<number> =>
    Math.max(...(await Promise.all(eyes.map(({ page, known }, n) => page.evaluate(([known, before]) => window.stopwatch.picture(known, before), [known, before[n] ?? 0] as const)))));
  await caller.dial(callee.account.extension);
  await expect(button(callee, answers)).toBeVisible();
  const answered = pictured([]);
  await button(callee, answers).click();
  const answer = (await answered) - (await clicked(callee));
  let resume: number | undefined;
  if (holds) {
    await button(caller, 'Hold').click();
    await expect(button(caller, 'Resume')).toBeVisible();
    const still = await Promise.all(eyes.map(({ page, known }) => page.evaluate((known) => window.stopwatch.still(known), known)));
    const resumed = pictured(still);
    await button(caller, 'Resume').click();
    resume = (await resumed) - (await clicked(caller));
  }
  await button(caller, 'Hang up').click();
  await Promise.all([caller.isFree(), callee.isFree()]);
  return { answer, ...(resume === undefined ? {} : { resume }) };
}
