/** A network that swallows everything without a word: nobody closes anything, and no answer comes. */

import { test, expect, connect, makeGoodCall, neverSilent, ALICE, BOB, HIGH, LOW, type Phone } from '../fixtures/faults.ts';
import { slow } from '../fixtures/limits.ts';

const UNREACHABLE = /The server cannot be reached/;
/** How soon it is noticed: by itself, and when the browser says that the network is back, in milliseconds. */
const NOTICED = 10_000;
const HINTED = 1_000;
/** How soon after the network is back signalling is, in milliseconds. */
const BACK = 300;

test('in a call it is noticed within 10 s, signalling is back when the network is, and the sound never stops', async ({ measured, chaos }) => {
  const [alice, bob] = await Promise.all([measured.open(ALICE, { tone: LOW, server: chaos }), measured.open(BOB, { tone: HIGH })]);
  alice.complaints.expect(/WebSocket|ERR_/);
  await connect(bob, alice);

  const since = Date.now();
  chaos.hole();
  await alice.says(UNREACHABLE, 2 * NOTICED);
  const noticed = Date.now() - since;
  expect.soft(noticed, 'it is noticed within 10 s').toBeLessThanOrEqual(slow(NOTICED));
  const mended = Date.now();
  chaos.mend();
  await readyAgain(alice);
  const back = Date.now() - mended;
  expect.soft(back, `signalling is back within ${BACK} ms of the network`).toBeLessThanOrEqual(slow(BACK));
  test.info().annotations.push({ type: 'in a call', description: `noticed after ${noticed} ms, back ${back} ms after the network` });

  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await neverSilent(alice.page, HIGH, since, 'Alice');
  await neverSilent(bob.page, LOW, since, 'Bob');
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

test('when the browser says that the network is there again, it is noticed within 1 s that the connection is not', async ({ phones, chaos }) => {
  const [alice, bob] = await Promise.all([phones.open(ALICE, { tone: LOW, server: chaos }), phones.open(BOB, { tone: HIGH })]);
  alice.complaints.expect(/WebSocket|ERR_/);

  chaos.hole();
  const since = Date.now();
  await alice.page.evaluate(() => dispatchEvent(new Event('online')));
  await alice.says(UNREACHABLE, 2 * NOTICED);
  const noticed = Date.now() - since;
  expect.soft(noticed, 'it is noticed within 1 s').toBeLessThanOrEqual(slow(HINTED));
  const mended = Date.now();
  chaos.mend();
  await readyAgain(alice);
  const back = Date.now() - mended;
  expect.soft(back, `signalling is back within ${BACK} ms of the network`).toBeLessThanOrEqual(slow(BACK));
  test.info().annotations.push({ type: 'without a call', description: `noticed ${noticed} ms after the hint, back ${back} ms after the network` });
  await makeGoodCall(bob, alice);
});

/** The page says that the phone is ready, at once and not when Playwright looks for it next. */
async function readyAgain({ page }: Phone): Promise<void> {
  await page.waitForFunction(() => [...document.querySelectorAll('[role=status]')].some(({ textContent }) => textContent?.trim() === 'Ready'), undefined, {
    timeout: 30_000,
  });
}
