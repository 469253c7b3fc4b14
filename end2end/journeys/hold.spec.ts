/** Calls on hold: by either end, by both, and by another phone. */

import { test, expect, connect, talk, ALICE, BOB, CAROL, HIGH, LOW } from '../peers/test.ts';

const HELD = 'They put you on hold';

test('a call is put on hold and gone on with, by each end and by both', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await connect(alice, bob);

  await alice.hold();
  await bob.stands(ALICE, HELD);
  await Promise.all([alice.hearsNothing(), bob.hearsNothing()]);
  await alice.resume();
  await talk(alice, bob);
  await Promise.all([alice.stands(BOB, 'Connected'), bob.stands(ALICE, 'Connected')]);

  // By key, and at both ends.
  await bob.page.keyboard.press('Alt+o');
  await alice.stands(BOB, HELD);
  await alice.press('Hold');
  await Promise.all([alice.stands(BOB, 'On hold at both ends'), bob.stands(ALICE, 'On hold at both ends')]);
  await Promise.all([alice.hearsNothing(), bob.hearsNothing()]);
  await bob.page.keyboard.press('Alt+o');
  await alice.stands(BOB, /On hold(?! at)/);
  await bob.stands(ALICE, HELD);
  await Promise.all([alice.hearsNothing(), bob.hearsNothing()]);
  await alice.resume();
  await talk(alice, bob);

  // What was muted before is so afterwards.
  await alice.mute();
  await alice.hold();
  await alice.resume();
  await alice.hears(bob);
  await bob.hearsNothing();
  await alice.unmute();
  await bob.hears(alice);

  // Who holds can hang up, and so can who is held.
  await alice.hold();
  await bob.stands(ALICE, HELD);
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

test('a call on hold is so after a reload of either page', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await connect(alice, bob);
  await alice.hold();
  for (const phone of [alice, bob]) {
    await phone.page.reload();
    await phone.isReady();
    await alice.stands(BOB, 'On hold');
    await bob.stands(ALICE, HELD);
    await Promise.all([alice.hearsNothing(), bob.hearsNothing()]);
  }
  await alice.resume();
  await talk(alice, bob);
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

for (const library of ['JsSIP', 'SIP.js'] as const) {
  test(`a ${library} phone that holds stays so when the page that is held describes itself anew`, async ({ phones, stranger }) => {
    const [alice, carol] = await Promise.all([phones.open(ALICE, { tone: LOW }), stranger(library, CAROL, { tone: HIGH })]);
    await connect(carol, alice);
    await carol.hold();
    await alice.stands(CAROL, HELD);
    await alice.hearsNothing();
    await alice.page.reload();
    await alice.isReady();
    await alice.stands(CAROL, HELD);
    await Promise.all([alice.hearsNothing(), carol.hearsNothing()]);
    await expect(carol.button('Resume')).toBeVisible();
    await carol.resume();
    await talk(alice, carol);
    await alice.stands(CAROL, 'Connected');
    await alice.hangUp();
    await carol.isFree();
  });
}
