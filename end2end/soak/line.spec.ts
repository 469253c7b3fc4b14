/**
 * What happens to lines, by the dozen, to Tabphone's page and to pages of JsSIP and SIP.js alike, each make among itself,
 * with the recovery that the libraries offer switched on. `npm run soak` prints the table; `SOAK_SCALE` scales how often.
 */

import { rm } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { quantile } from '../bench/numbers.ts';
import { agents, crowd, type Agent } from '../fixtures/agents.ts';
import type { BrowserOptions } from '../fixtures/browser.ts';
import { crash, type Chromium } from '../fixtures/chromium.ts';
import { ALICE, BOB, HIGH, LOW, Server, connect, expect, longestGap, type Maker, type Person } from '../fixtures/faults.ts';
import { BREAKINGS, type Breaking } from '../fixtures/moments.ts';
import { LOST, READDRESSED, UNPLUGGED } from '../fixtures/networks.ts';
import { Phone } from '../fixtures/phone.ts';
import { test, type Duo, type DuoOptions } from './duo.ts';
import { note, type Outcome } from './ledger.ts';
import { Seat } from './seat.ts';
import { callOf, soundOf, WATCHED } from './verdict.ts';

const SCALE = Number(process.env['SOAK_SCALE'] ?? 1);
const MAKERS: readonly Maker[] = ['Tabphone', 'JsSIP', 'SIP.js'];
/** How often others are tried, where ours is tried more often. */
const OTHERS = 3;
/** How long a message of a call may take to come, in milliseconds. */
const COMES = 20_000;
/** The part of trials in which a call of ours has to go as it should. */
const RECOVERED = 0.99;

const SOUND = 'sound both ways';
/** The goals, in milliseconds: a page that is opened again, a call that moves, a network that is back, a server that is. */
const ANEW = 2_000;
const MOVED = 1_000;
const NETWORK = 3_000;
const CONTROLLED = 2_000;
/** How soon who is called rings, and when at the latest a far end is told that nobody comes back, in milliseconds. */
const RINGS = 1_000;
const TOLD = 22_000;

/** How often something is tried. */
function times(maker: Maker, ours: number): number {
  return Math.max(1, Math.ceil((maker === 'Tabphone' ? ours : Math.min(ours, OTHERS)) * SCALE));
}

/** What is tried. */
interface Row {
  readonly fault: string;
  /** What is measured: until what. */
  readonly measure: string;
  readonly often: number;
  /** Within how many milliseconds it is to be so, at the 95th percentile. */
  readonly within?: number;
  /** What is to become of calls, if they are not to go on. */
  readonly goal?: Outcome['went'];
}

/** Tries it so often, notes what came of it, and of ours insists that nearly every call goes as it should, and in time. */
async function tries(maker: Maker, { fault, measure, often, within, goal = 'on' }: Row, trial: (n: number) => Promise<Outcome>): Promise<void> {
  const good: number[] = [];
  for (let n = 0; n < often; n += 1) {
    const outcome = await trial(n).catch((error: Error): Outcome => ({ went: 'wrong', why: error.message }));
    note({ fault, measure, goal, maker, outcome });
    if (outcome.went === goal) good.push('after' in outcome ? outcome.after : 0);
  }
  if (maker !== 'Tabphone') return;
  expect.soft(good.length / often, `${fault}: the part of calls that went as they should`).toBeGreaterThanOrEqual(RECOVERED);
  if (within !== undefined && good.length > 0) {
    expect.soft(quantile(good, 0.95), `${fault}: ${measure}, 95th percentile in milliseconds`).toBeLessThanOrEqual(within);
  }
}

/** A trial in the same call as the one before, as long as that goes on. */
function inOneCall(open: () => Promise<Duo>, happens: (duo: Duo) => Promise<Outcome>): { trial(): Promise<Outcome>; end(): Promise<void> } {
  let duo: Duo | undefined;
  const end = async () => {
    await duo?.close();
    duo = undefined;
  };
  return {
    end,
    async trial() {
      try {
        if (duo === undefined) {
          duo = await open();
          await connect(duo.other, duo.one);
        }
        const outcome = await happens(duo);
        if (outcome.went !== 'on') await end();
        return outcome;
      } catch (error) {
        await end();
        throw error;
      }
    },
  };
}

/** Timers of pages that nobody sees run once a minute after 10 s, and a registration has to be renewed as often. */
const THROTTLED = {
  args: ['--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/10'],
  serve: ['--registration-time', '60'],
};

/** What happens to the network of a call, and how often to ours. */
const NETWORKS = [
  { change: READDRESSED, often: 50 },
  { change: UNPLUGGED, often: 20 },
  { change: LOST, often: 20 },
];

/** What happens to the page of a call, and how often to ours. */
const PAGE_FAULTS: readonly { fault: string; often: number; happens(duo: Duo): Promise<void> }[] = [
  {
    fault: 'the page is reloaded',
    often: 50,
    happens: async ({ one }) => void (await one.page.reload({ waitUntil: 'commit' })),
  },
  {
    fault: 'the page is left, and come back to',
    often: 20,
    async happens({ one }) {
      await one.page.goto('about:blank');
      await one.page.goBack({ waitUntil: 'commit' });
    },
  },
  {
    fault: 'the tab crashes, a new one is opened',
    often: 20,
    async happens(duo) {
      const { page } = duo.one;
      await crash(page);
      duo.one = await duo.seat.begin(await page.context().newPage());
      await page.close();
    },
  },
];

for (const maker of MAKERS) {
  for (const { fault, often, happens } of PAGE_FAULTS) {
    test(`${maker}: ${fault}`, async ({ duo }) => {
      const call = inOneCall(
        () => duo(maker),
        async (two) => {
          const at = Date.now();
          await happens(two);
          const outcome = await soundOf(two.one, two.other, { at, from: at, anew: true });
          if (outcome.went === 'on') await two.seat.ready(two.one);
          return outcome;
        },
      );
      await tries(maker, { fault, measure: SOUND, often: times(maker, often), within: ANEW }, call.trial);
      await call.end();
    });
  }

  for (const seconds of [5, 10, 15]) {
    const fault = `the browser is killed, and opened again after ${seconds} s`;
    test(`${maker}: ${fault}`, async ({ duo, chromium }) => {
      await tries(maker, { fault, measure: SOUND, often: times(maker, 20), within: ANEW }, async () => {
        const { two, browser } = await inOwnBrowser(maker, duo, chromium);
        await connect(two.other, two.one);
        const at = Date.now();
        await browser.kill();
        await two.other.page.waitForTimeout(seconds * 1000);
        await browser.open();
        const page = await browser.page();
        const from = Date.now();
        two.one = await two.seat.begin(page);
        const outcome = await soundOf(two.one, two.other, { at, from, anew: true });
        await browser.dispose();
        await two.close();
        return outcome;
      });
    });
  }

  test(`${maker}: the page is closed for good`, async ({ duo }) => {
    const trial = async () => {
      const two = await duo(maker);
      await connect(two.other, two.one);
      const at = Date.now();
      await two.one.page.close();
      const outcome = await soundOf(two.one, two.other, { at, from: at, anew: false });
      await two.close();
      return outcome;
    };
    await tries(maker, { fault: 'the page is closed for good', measure: 'the far end is told', often: times(maker, 10), within: TOLD, goal: 'over' }, trial);
  });

  test(`${maker}: the phone is opened in another browser, and taken over there`, async ({ duo }) => {
    const call = inOneCall(
      () => duo(maker),
      async (two) => {
        const page = await two.stranger();
        let second: Person;
        if (maker === 'Tabphone') {
          const phone = new Phone(page, two.chaos, ALICE, LOW);
          await phone.logIn();
          await phone.useHere();
          second = phone;
        } else {
          second = await two.seat.enter(page);
        }
        const at = Date.now();
        if (maker === 'Tabphone') await second.press('Move the call here');
        const outcome = await soundOf(second, two.other, { at, from: at, anew: true, watched: WATCHED / 6 });
        await two.one.page.context().close();
        two.one = second;
        return outcome;
      },
    );
    await tries(maker, { fault: 'taken over in another browser', measure: SOUND, often: times(maker, 50), within: MOVED }, call.trial);
    await call.end();
  });

  for (const broken of ['cut', 'hole'] as const) {
    const ways = new Set(BREAKINGS.map(({ way }) => way).filter((way) => maker === 'Tabphone' || !way.endsWith('anew')));
    for (const way of ways) {
      const fault = `${broken === 'cut' ? 'the connection is cut' : 'nothing goes through for 4 s'} before and after each message: ${way}`;
      test(`${maker}: ${fault}`, async ({ duo }) => {
        const moments = BREAKINGS.filter((breaking) => breaking.way === way);
        const often = times(maker, broken === 'cut' ? 3 : 1);
        // A part of them, from all over the call.
        const some = moments.filter((_, n) => n === 0 || Math.floor(n * SCALE) > Math.floor((n - 1) * SCALE));
        await tries(maker, { fault, measure: 'the call is as it should be', often: often * some.length }, async (n) => {
          const two = await duo(maker);
          const outcome = await breaks(two, some[n % some.length] as Breaking, broken);
          await two.close();
          return outcome;
        });
      });
    }
  }

  for (const seconds of [10, 60]) {
    const fault = `the browser stands still for ${seconds} s in a call`;
    test(`${maker}: ${fault}`, async ({ duo, chromium }) => {
      await tries(maker, { fault, measure: SOUND, often: times(maker, 5) }, async () => {
        const { two, browser } = await inOwnBrowser(maker, duo, chromium);
        await connect(two.other, two.one);
        const at = Date.now();
        browser.freeze(true);
        await two.other.page.waitForTimeout(seconds * 1000);
        browser.freeze(false);
        const outcome = await soundOf(two.one, two.other, { at, from: Date.now(), anew: false });
        await browser.dispose();
        await two.close();
        return outcome;
      });
    });
  }

  test(`${maker}: the page is hidden for long, and then called`, async ({ duo, chromium }) => {
    const minutes = Math.max(0.5, 10 * Math.min(1, SCALE));
    const fault = `the page is hidden for ${minutes} minutes with throttled timers, and called`;
    await tries(maker, { fault, measure: 'it rings', often: times(maker, 2), within: RINGS }, async () => {
      const { two, browser } = await inOwnBrowser(maker, duo, chromium, THROTTLED);
      await browser.hide(two.one.page, true);
      await two.other.page.waitForTimeout(minutes * 60_000);
      await two.other.dial(ALICE.extension);
      const at = Date.now();
      const rings = await ringsAfter(two.one.page, at);
      await browser.dispose();
      await two.close();
      return rings === undefined ? { went: 'silent', watched: WATCHED } : { went: 'on', after: rings, gap: 0 };
    });
  });

  for (const { change: { what: fault, happens }, often } of NETWORKS) {
    test(`${maker}: ${fault}`, async ({ outside, site }) => {
      const [here, there] = [await outside.settle(LOW), await outside.settle(HIGH)];
      await tries(maker, { fault, measure: SOUND, often: times(maker, often), within: NETWORK }, async () => {
        const one = await new Seat(maker, ALICE, LOW, outside.address, site).enter(await here.blank());
        const other = await new Seat(maker, BOB, HIGH, outside.address, site).enter(await there.blank());
        await connect(other, one);
        const at = Date.now();
        const from = await happens(here.place, one);
        const outcome = await soundOf(one, other, { at, from, anew: false });
        // Else the server keeps the call for a while, and the phone is not free for who comes next.
        if (outcome.went === 'on') await one.hangUp();
        for (const { page } of [one, other]) await page.context().close();
        return outcome;
      });
    });
  }

  test(`${maker}: the server is killed and started again`, async ({ duo }) => {
    const size = Math.max(1, Math.round(99 * Math.min(1, SCALE)));
    const fault = `the server is killed with this call and ${size} of signalling agents up, and started again`;
    const accounts = crowd(2 * size);
    const from = await Server.template([ALICE, BOB, ...accounts]);
    await tries(maker, { fault, measure: 'every call can be controlled', often: times(maker, 10), within: CONTROLLED }, async () => {
      const two = await duo(maker, { from });
      const phones = await agents(two.server, accounts);
      const outcome = await killed(two, phones);
      for (const phone of phones) phone.drop();
      await two.close();
      return outcome;
    });
    await rm(from, { recursive: true, force: true });
  });
}

/** How long after this time, in which somebody pressed Call, the page offers to answer, in milliseconds. It is asked from outside: its own timers are throttled. */
async function ringsAfter(page: Page, at: number): Promise<number | undefined> {
  while (Date.now() < at + WATCHED) {
    if (await page.getByRole('button', { name: 'Answer', exact: true }).count()) return Date.now() - at;
    await new Promise((next) => setTimeout(next, 20));
  }
  return undefined;
}

/** Two people, of whom one has a browser of their own, which has written down its cookies. */
async function inOwnBrowser(
  maker: Maker,
  duo: (maker: Maker, options: DuoOptions) => Promise<Duo>,
  chromium: (options: BrowserOptions) => Promise<Chromium>,
  { args = [], serve = [] }: { args?: readonly string[]; serve?: readonly string[] } = {},
): Promise<{ two: Duo; browser: Chromium }> {
  const browser = await chromium({ tone: LOW, args });
  const two = await duo(maker, { page: async () => await browser.page(), serve });
  await browser.close();
  await browser.open();
  two.one = await two.seat.begin(await browser.page());
  await two.seat.ready(two.one);
  return { two, browser };
}

/** The connection of one breaks at this moment, for a while. */
async function breaks({ chaos, one, other }: Duo, { act, moment, up }: Breaking, how: 'cut' | 'hole'): Promise<Outcome> {
  const broken = chaos.when(moment, () => (how === 'cut' ? chaos.cut() : chaos.hole()));
  // Whose call is lost cannot do what comes next in it.
  void act(one, other).catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const never = new Promise<never>((_, failed) => {
    timer = setTimeout(() => failed(new Error(`nothing like ${moment.says}:\n${chaos.ladder}`)), COMES);
  });
  await Promise.race([broken, never]).finally(() => clearTimeout(timer));
  if (how === 'cut') await chaos.turnsAway();
  else await other.page.waitForTimeout(4_000);
  const since = Date.now();
  chaos.mend();
  return await callOf(one, other, up, since);
}

/** The server is killed in a call of browsers, and calls of these. */
async function killed({ server, seat, one, other }: Duo, phones: readonly Agent[]): Promise<Outcome> {
  const callers = phones.filter((_, n) => n % 2 === 0);
  for (const [n, caller] of callers.entries()) await caller.call(phones[2 * n + 1] as Agent);
  await connect(other, one);
  const at = Date.now();
  await server.kill();
  await Promise.all(phones.map((phone) => phone.isCutOff()));
  await server.restart();
  const restarted = Date.now();
  const controlled = callers.map(async (caller) => {
    await caller.isBack();
    await caller.hold(true);
  });
  await Promise.all([seat.ready(one), ...controlled]);
  const after = Date.now() - restarted;
  const gap = Math.max(await longestGap(one.page, other.tone, at), await longestGap(other.page, one.tone, at));
  await other.hangUp();
  const ended = await callOf(one, other, false, Date.now());
  return ended.went === 'on' ? { went: 'on', after, gap } : ended;
}
