/** The page hands the other party over, and in the end the right two talk. */

import { test, expect, connect, talk, ALICE, BOB, CAROL, DORA, HIGH, LOW, THIRD } from '../peers/test.ts';

test('blind: to a number, a name, a contact that is picked, and one that is dropped on the call', async ({ phones }) => {
  test.slow();
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD })]);
  const ways: [string, () => Promise<void>][] = [
    ['a number', async () => await alice.transfer(CAROL.extension)],
    ['a contact', async () => await alice.handOver(CAROL)],
    [
      'a name, by key',
      async () => {
        await alice.page.keyboard.press('Alt+t');
        await alice.page.keyboard.type(CAROL.name);
        await alice.page.keyboard.press('Enter');
      },
    ],
    [
      'a contact that is dragged',
      async () => {
        const contact = alice.page.getByRole('listitem').filter({ has: alice.button(`Call ${CAROL.name}`) });
        await contact.dragTo(alice.callWith(BOB));
      },
    ],
  ];
  for (const [how, hands] of ways) {
    await test.step(how, async () => {
      await connect(alice, bob);
      await hands();
      await alice.says(/^Handing over/);
      await carol.ringsFor(BOB);
      await bob.hearsNothing();
      await carol.answer();
      await talk(bob, carol);
      await alice.says('The call was passed on.');
      await alice.isFree();
      await expect(bob.callWith(ALICE)).toHaveCount(0);
      await carol.hangUp();
      await Promise.all([bob.isFree(), carol.isFree()]);
    });
  }
});

test('blind, and they decline, or there is nobody: the call comes back', async ({ phones }) => {
  test.slow();
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD })]);
  await connect(alice, bob);
  await alice.transfer(CAROL.extension);
  await carol.ringsFor(BOB);
  await carol.decline();
  await alice.says('Not handed over: they declined it.');
  await talk(alice, bob);
  await alice.transfer('1999');
  await alice.says('Not handed over: there is no such number.');
  await talk(alice, bob);
  await alice.hold();
  await alice.doesNotSay(/Not handed over/);
  await alice.resume();
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree(), carol.isFree()]);
});

test('attended: with another call, by button and by dropping one call on the other', async ({ phones }) => {
  test.slow();
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD })]);
  for (const dropped of [false, true]) {
    await connect(bob, alice);
    await connect(alice, carol);
    await alice.holds(BOB);
    if (dropped) await alice.callWith(BOB).dragTo(alice.callWith(CAROL));
    else await alice.handOver(BOB);
    await talk(bob, carol);
    await alice.isFree();
    await bob.hangUp();
    await Promise.all([bob.isFree(), carol.isFree()]);
  }
});

test('to somebody who is being called and has not answered yet', async ({ phones }) => {
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD })]);
  await connect(bob, alice);
  await alice.dial(CAROL.extension);
  await carol.ringsFor(ALICE);
  await alice.handOver(BOB);
  await carol.ringsFor(BOB);
  await carol.answer();
  await talk(bob, carol);
  await alice.isFree();
  await carol.hangUp();
  await Promise.all([bob.isFree(), carol.isFree()]);
});

for (const library of ['JsSIP', 'SIP.js'] as const) {
  test(`a ${library} phone is handed over to another, blind and attended`, async ({ phones, stranger, proved }) => {
    test.slow();
    const [alice, bob, dora] = await Promise.all([
      phones.open(ALICE, { tone: LOW }),
      stranger(library, BOB, { tone: HIGH }),
      stranger(library === 'JsSIP' ? 'SIP.js' : 'JsSIP', DORA, { tone: THIRD }),
    ]);
    await connect(alice, bob);
    await alice.transfer(DORA.extension);
    await dora.ringsFor(BOB);
    await dora.answer();
    await talk(bob, dora);
    await alice.isFree();
    await dora.hangUp();
    await bob.isFree();
    proved(`blind transfer, to ${dora.library}`, `Tabphone → ${library}`);

    await connect(alice, bob);
    await connect(alice, dora);
    await bob.hearsNothing();
    await alice.callWith(BOB).dragTo(alice.callWith(DORA));
    await talk(bob, dora);
    await alice.isFree();
    await dora.hangUp();
    await bob.isFree();
    proved(`attended transfer, to ${dora.library}`, `Tabphone → ${library}`);
  });
}
