/** A page is closed in a call, and does not come back: the far end is told so in time, and nothing is left of the call. */

import { test, expect, connect, ALICE, BOB, CAROL, HIGH, LOW } from '../fixtures/faults.ts';

/** For how long a call is kept for a page that is gone, and how punctual its end is, in milliseconds. */
const KEPT = 20_000;
const PUNCTUAL = 2_000;

test('a call whose page was closed for good ends with a BYE after 20 s, and who comes back later is told', async ({ phones, stranger }) => {
  test.slow();
  const [alice, bob, carol] = await Promise.all([phones.open(ALICE, { tone: LOW }), phones.open(BOB, { tone: LOW }), stranger('JsSIP', CAROL, { tone: HIGH })]);
  await connect(carol, alice);
  await bob.seesContact(ALICE.name, /in a call/i);

  await alice.page.close();
  const since = Date.now();
  await carol.page.waitForFunction(() => document.querySelector('#call')?.textContent?.startsWith('Ended'), undefined, { timeout: 2 * KEPT, polling: 50 });
  const took = Date.now() - since;
  test.info().annotations.push({ type: 'deadline', description: `BYE after ${took} ms` });
  await carol.sawItEnd(/^Ended by remote: Terminated$/);
  expect.soft(took, 'the far end gets a BYE after 20 s, and not earlier').toBeGreaterThanOrEqual(KEPT - PUNCTUAL);
  expect.soft(took, 'the far end gets a BYE after 20 s').toBeLessThanOrEqual(KEPT + PUNCTUAL);
  expect.soft(await carol.notes('reason:'), 'the BYE says why').toHaveLength(1);
  await bob.seesContact(ALICE.name, /offline/i);

  const back = await phones.beside(alice);
  await back.isFree();
  await expect(back.callWith(CAROL)).toHaveCount(0);
  await back.says('The call ended while this phone was away.');
  expect(await back.microphoneAsked(), 'there was nothing to say, so no microphone was opened').toBe(0);
  await carol.dial(ALICE.extension);
  await back.ringsFor(CAROL);
  await back.decline();
  await back.isFree();
});
