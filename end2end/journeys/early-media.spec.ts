/** What is heard before the answer: the local ringback, until the other end plays something itself (RFC 3960). */

import { test, expect, talk, ALICE, BOB, HIGH, LOW } from '../peers/test.ts';

test('it rings in the ear until they play something, which is heard; the clock waits for the answer', async ({ phones, stranger }) => {
  const [alice, bob] = await Promise.all([phones.open(ALICE, { tone: LOW }), stranger('SIP.js', BOB, { tone: HIGH })]);
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await alice.ringsAloud();
  await bob.press('Play early');
  await alice.isQuiet();
  await alice.hears(bob);
  const clock = alice.page.getByRole('timer');
  await expect(clock).toHaveText('');
  await expect(alice.button('Cancel')).toBeVisible();
  await bob.answer();
  await talk(alice, bob);
  await expect(clock).toHaveText(/0:0[0-9]/);
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

test('who gives up while it plays is out of the call at once', async ({ phones, stranger }) => {
  const [alice, bob] = await Promise.all([phones.open(ALICE, { tone: LOW }), stranger('SIP.js', BOB, { tone: HIGH })]);
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.press('Play early');
  await alice.hears(bob);
  await alice.cancel();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await alice.hearsNothing();
});
