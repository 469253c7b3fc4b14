/** A laptop is shut and opened again: its browser stands still, and nobody is told. */

import { test, expect, makeGoodCall, Phone, ALICE, BOB, HIGH, LOW, type Chromium, type Measured, type Server } from '../fixtures/faults.ts';
import { slow } from '../fixtures/limits.ts';

/** How soon after waking the phone is there, and rings, in milliseconds. */
const AWAKE = 1_000;
/** How long a tab that sleeps keeps the line, and how punctual that is, in milliseconds. */
const GRACE = 10_000;
const PUNCTUAL = 1_500;

async function open(browser: Chromium, server: Server): Promise<Phone> {
  const phone = new Phone(await browser.page(), server, ALICE, LOW);
  await phone.logIn();
  await phone.isReady();
  return phone;
}

async function bobOf(measured: Measured): Promise<Phone> {
  return await measured.open(BOB, { tone: HIGH });
}

test('a call that comes while it sleeps for a moment rings when it wakes', async ({ measured, chromium, server }) => {
  const browser = await chromium({ tone: LOW });
  const alice = await open(browser, server);
  const bob = await bobOf(measured);
  browser.freeze(true);
  await bob.dial(ALICE.extension);
  // It is the time that passes that is tested.
  await bob.page.waitForTimeout(4_000);
  browser.freeze(false);
  const woken = Date.now();
  const rings = (await rang(alice)) - woken;
  test.info().annotations.push({ type: 'slept 4 s', description: `rings ${rings} ms after it woke` });
  expect.soft(rings, 'it rings within 1 s of waking').toBeLessThanOrEqual(slow(AWAKE));
  await alice.answer();
  await Promise.all([alice.inCall(), bob.inCall()]);
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

test('after a long sleep it is there within 1 s, and who called meanwhile was told in time', async ({ measured, chromium, server }) => {
  test.slow();
  const browser = await chromium({ tone: LOW });
  const alice = await open(browser, server);
  const bob = await bobOf(measured);
  browser.freeze(true);
  await bob.page.waitForTimeout(GRACE + PUNCTUAL);
  await bob.dial(ALICE.extension);
  await bob.says(/They cannot be reached now/, 12_000);
  await bob.isFree();
  browser.freeze(false);
  const woken = Date.now();
  await bob.dial(ALICE.extension);
  const rings = (await rang(alice)) - woken;
  test.info().annotations.push({ type: 'slept long', description: `called as it woke, it rings after ${rings} ms` });
  expect.soft(rings, 'it is registered within 1 s of waking, and rings within 1 s more').toBeLessThanOrEqual(slow(2 * AWAKE));
  await alice.decline();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await makeGoodCall(alice, bob);
});

test('a browser that sleeps loses the line after 10 s to one that is awake, and does not take it back', async ({ measured, chromium, server }) => {
  test.slow();
  const browser = await chromium({ tone: LOW });
  const alice = await open(browser, server);
  const bob = await bobOf(measured);
  const awake = await measured.blank(ALICE, { tone: LOW });
  await awake.logIn();
  await expect(awake.button('Use the phone here')).toBeVisible();
  browser.freeze(true);
  const since = Date.now();
  await awake.isReady(2 * GRACE);
  const took = Date.now() - since;
  test.info().annotations.push({ type: 'slept', description: `the line is at the other browser after ${took} ms` });
  expect.soft(took, 'the line is given up after 10 s').toBeLessThanOrEqual(GRACE + PUNCTUAL);
  await bob.dial(ALICE.extension);
  await awake.ringsFor(BOB);
  browser.freeze(false);
  await expect(alice.button('Use the phone here')).toBeVisible();
  await awake.answer();
  await Promise.all([awake.hears(bob), bob.hears(awake)]);
  await bob.hangUp();
  await Promise.all([awake.isFree(), bob.isFree()]);
});

/** The page can be answered; resolves with when. */
async function rang({ page }: Phone): Promise<number> {
  const answer = () => [...document.querySelectorAll('button')].some(({ textContent }) => textContent?.trim() === 'Answer');
  await page.waitForFunction(answer, undefined, { polling: 20, timeout: 20_000 });
  return Date.now();
}
