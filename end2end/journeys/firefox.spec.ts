/**
 * The core of everything in Firefox: a page that is ready, calls from and to it with measured sound, hold, mute, keys, endings,
 * a reload in a call.
 */

import { test, expect, connect, talk, ALICE, BOB, CAROL, HIGH, LOW, THIRD } from '../peers/test.ts';

for (const [caller, callee] of [['Firefox', 'Chromium'], ['Chromium', 'Firefox'], ['Firefox', 'Firefox']] as const) {
  test(`${caller} calls ${callee}: sound both ways, hold, mute, and each hangs up once`, async ({ phones }) => {
    test.slow();
    const [alice, bob] = await Promise.all([phones.open(ALICE, { tone: LOW, engine: caller }), phones.open(BOB, { tone: HIGH, engine: callee })]);
    await connect(alice, bob);

    await alice.hold();
    await Promise.all([alice.hearsNothing(), bob.hearsNothing()]);
    await alice.resume();
    await talk(alice, bob);
    await bob.hold();
    await Promise.all([alice.hearsNothing(), bob.hearsNothing()]);
    await bob.resume();
    await talk(alice, bob);

    await alice.mute();
    await bob.hearsNothing();
    await alice.unmute();
    await bob.hears(alice);

    await alice.hangUp();
    await Promise.all([alice.isFree(), bob.isFree()]);
    await connect(bob, alice);
    await alice.hangUp();
    await Promise.all([alice.isFree(), bob.isFree()]);
  });
}

test('a call survives the reload of the page in Firefox, and that of the other end', async ({ phones }) => {
  test.slow();
  const [alice, bob] = await Promise.all([phones.open(ALICE, { tone: LOW, engine: 'Firefox' }), phones.open(BOB, { tone: HIGH })]);
  await connect(alice, bob);
  for (const phone of [alice, bob]) {
    await phone.page.reload();
    await phone.isReady();
    await talk(alice, bob);
  }
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

test('a call moves from Chromium to Firefox and back', async ({ phones }) => {
  test.slow();
  const [first, bob] = await phones.pair();
  const second = await phones.blank(ALICE, { tone: LOW, engine: 'Firefox' });
  await second.logIn();
  await connect(bob, first);
  for (const [to, from] of [[second, first], [first, second]] as const) {
    await to.useHere();
    await to.press('Move the call here');
    await talk(to, bob);
    await expect(from.button('Use the phone here')).toBeVisible();
  }
  await bob.hangUp();
  await Promise.all([first.isFree(), bob.isFree()]);
});

test('keys that are pressed in Firefox are heard, and a call is handed over there', async ({ phones }) => {
  test.slow();
  const alice = await phones.open(ALICE, { tone: LOW, engine: 'Firefox' });
  const bob = await phones.open(BOB, { tone: HIGH });
  const carol = await phones.open(CAROL, { tone: THIRD });
  await connect(alice, bob);
  await alice.mute();
  await Promise.all([bob.hearsKey('1'), alice.keys('1111111111')]);
  await alice.unmute();
  await alice.handOver(CAROL);
  await carol.ringsFor(BOB);
  await carol.answer();
  await talk(bob, carol);
  await alice.isFree();
  await bob.hangUp();
  await carol.isFree();
});

test('who is called in Firefox declines, and who calls from it cancels', async ({ phones }) => {
  const [alice, bob] = await Promise.all([phones.open(ALICE, { tone: LOW, engine: 'Firefox' }), phones.open(BOB, { tone: HIGH })]);
  await bob.dial(ALICE.extension);
  await alice.ringsFor(BOB);
  await alice.decline();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await alice.cancel();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await expect(bob.page.getByRole('button', { name: 'Answer', exact: true })).toBeHidden();
});
