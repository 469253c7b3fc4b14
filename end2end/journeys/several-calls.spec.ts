/** Several calls at once: a person talks in one, and the others are on hold. */

import { test, expect, connect, talk, ALICE, BOB, CAROL, DORA, HIGH, LOW, THIRD } from '../peers/test.ts';

const HELD = 'They put you on hold';

test('a second call waits, is answered, swapped, and each ends by itself', async ({ phones }) => {
  test.slow();
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD })]);
  await connect(alice, bob);
  await alice.isQuiet();

  // It rings beside the running call, which goes on.
  await carol.dial(ALICE.extension);
  await alice.ringsFor(CAROL);
  await alice.ringsAloud();
  await talk(alice, bob);
  await alice.answer();
  await alice.isQuiet();
  await alice.holds(BOB);
  await bob.stands(ALICE, HELD);
  await talk(alice, carol);
  await bob.hearsNothing();

  // To and fro.
  await alice.resume(BOB);
  await talk(alice, bob);
  await alice.holds(CAROL);
  await carol.stands(ALICE, HELD);
  await carol.hearsNothing();
  await alice.page.keyboard.press('Alt+s');
  await talk(alice, carol);
  await alice.holds(BOB);
  await bob.hearsNothing();

  // Who is on hold stays so when the other one ends.
  await alice.hangUp();
  await carol.isFree();
  await alice.holds(BOB);
  await Promise.all([alice.hearsNothing(), bob.hearsNothing()]);
  await alice.resume(BOB);
  await talk(alice, bob);
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

test('who dials in a call puts it on hold, and a third one is ended and answered at once', async ({ phones }) => {
  test.slow();
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD })]);
  await connect(bob, alice);
  await alice.dial(CAROL.extension);
  await alice.holds(BOB);
  await bob.stands(ALICE, HELD);
  await carol.ringsFor(ALICE);
  await bob.hearsNothing();
  await carol.answer();
  await talk(alice, carol);
  await bob.hearsNothing();

  const dora = await phones.open(DORA, { tone: HIGH });
  await dora.dial(ALICE.extension);
  await alice.ringsFor(DORA);
  await alice.press('End the other call and answer');
  await carol.isFree();
  await talk(alice, dora);
  await alice.holds(BOB);
  await alice.callWith(BOB).getByRole('button', { name: `End the call with ${BOB.name}` }).click();
  await bob.isFree();
  await talk(alice, dora);
  await dora.hangUp();
  await Promise.all([alice.isFree(), dora.isFree()]);
});

test('a call that rings beside another one is declined, or given up, and that one is as it was', async ({ phones }) => {
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD })]);
  await connect(alice, bob);
  await carol.dial(ALICE.extension);
  await alice.ringsFor(CAROL);
  await alice.decline();
  await carol.says('They declined the call.');
  await carol.dial(ALICE.extension);
  await alice.ringsFor(CAROL);
  await carol.cancel();
  await alice.says('Missed call: they hung up before you answered.');
  await talk(alice, bob);
  await alice.stands(BOB, 'Connected');
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree(), carol.isFree()]);
});

test('two calls, one on hold, outlive a reload, and move to another browser', async ({ phones }) => {
  test.slow();
  const [[alice, bob], carol, second] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD }), phones.blank(ALICE, { tone: LOW })]);
  await second.logIn();
  await connect(bob, alice);
  await connect(carol, alice);
  await alice.holds(BOB);

  await alice.page.reload();
  await alice.isReady();
  await talk(alice, carol);
  await alice.holds(BOB);
  await bob.stands(ALICE, HELD);
  await bob.hearsNothing();

  await second.useHere();
  await second.press('Move the call here');
  await second.isReady();
  await talk(second, carol);
  await second.holds(BOB);
  await bob.hearsNothing();
  await second.resume(BOB);
  await talk(second, bob);
  await carol.hearsNothing();
  await carol.hangUp();
  await expect(second.callWith(CAROL)).toHaveCount(0);
  await talk(second, bob);
  await second.hangUp();
  await bob.isFree();
});

test('two calls, one on hold, are kept while nobody is home', async ({ phones }) => {
  test.slow();
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD })]);
  await connect(bob, alice);
  await connect(carol, alice);
  await alice.holds(BOB);
  await alice.page.goto('about:blank');
  // Longer than the server waits until it keeps the calls.
  await alice.page.waitForTimeout(5_000);
  await Promise.all([bob.stands(ALICE, HELD), expect(carol.button('Hang up')).toBeVisible()]);
  await alice.page.goBack();
  await alice.isReady();
  await talk(alice, carol);
  await alice.holds(BOB);
  await bob.hearsNothing();
  await carol.hangUp();
  await alice.resume(BOB);
  await talk(alice, bob);
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});
