/** A call that rings is sent on without being answered: it rings there, and the caller is connected. */

import { test, expect, talk, ALICE, BOB, CAROL, HIGH, LOW, THIRD } from '../peers/test.ts';

test('to a number, a contact, by key, and by dropping a contact on it', async ({ phones }) => {
  test.slow();
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD })]);
  const ways: [string, () => Promise<void>][] = [
    ['a number', async () => await bob.sendOn(CAROL.extension)],
    [
      'a contact',
      async () => {
        await bob.press('Send on');
        await bob.press(`Send on to ${CAROL.name}`);
      },
    ],
    [
      'a name, by key',
      async () => {
        await bob.page.keyboard.press('Alt+e');
        await bob.page.keyboard.type(CAROL.name);
        await bob.page.keyboard.press('Enter');
      },
    ],
    [
      'a contact that is dragged',
      async () => {
        const contact = bob.page.getByRole('listitem').filter({ has: bob.button(`Call ${CAROL.name}`) });
        await contact.dragTo(bob.callWith(ALICE));
      },
    ],
  ];
  for (const [how, sends] of ways) {
    await test.step(how, async () => {
      await alice.dial(BOB.extension);
      await bob.ringsFor(ALICE);
      await alice.ringsAloud();
      await sends();
      await carol.ringsFor(ALICE);
      await alice.ringsAloud();
      await bob.says(`You sent the call on to ${CAROL.extension}.`);
      await bob.isFree();
      await carol.answer();
      await talk(alice, carol);
      await alice.hangUp();
      await Promise.all([alice.isFree(), carol.isFree()]);
    });
  }
});

test('it rings on none of the other phones, and is not missed there', async ({ phones, stranger }) => {
  const [[alice, bob], carol, other] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD }), stranger('SIP.js', BOB, { tone: HIGH })]);
  await alice.dial(BOB.extension);
  await Promise.all([bob.ringsFor(ALICE), other.ringsFor(ALICE)]);
  await bob.sendOn(CAROL.extension);
  await other.isFree();
  await carol.ringsFor(ALICE);
  await carol.decline();
  await alice.says('They declined the call.');
  await Promise.all([alice.isFree(), bob.isFree(), carol.isFree()]);
});

test('beside a call, which goes on; and who is not a number hears nothing of it', async ({ phones, stranger }) => {
  test.slow();
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD })]);
  await alice.dial(BOB.extension);
  await bob.answer();
  await talk(alice, bob);
  const dora = await stranger('JsSIP', { extension: '1004', name: 'Dora Dale', password: 'open sesame 4' }, { tone: LOW });
  await dora.dial(BOB.extension);
  await bob.ringsFor(dora.account);
  await bob.press('Send on');
  await bob.press('Send them on');
  await bob.says('Type whom they are to talk to; more of it, if several have such a name.');
  await bob.ringsFor(dora.account);
  await bob.page.keyboard.press('Escape');
  await expect(bob.page.getByLabel('Number or name to send the call on to')).toHaveCount(0);
  await bob.sendOn(CAROL.extension);
  await carol.ringsFor(dora.account);
  await talk(alice, bob);
  await carol.answer();
  await talk(dora, carol);
  await dora.hangUp();
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree(), carol.isFree()]);
});

for (const library of ['JsSIP', 'SIP.js'] as const) {
  test(`a ${library} phone that calls is sent on`, async ({ phones, stranger, proved }) => {
    const [bob, carol, alice] = await Promise.all([
      phones.open(BOB, { tone: HIGH }),
      phones.open(CAROL, { tone: THIRD }),
      stranger(library, ALICE, { tone: LOW }),
    ]);
    // That a call goes elsewhere (181) is told by the server, which has no Contact.
    alice.complaints.expect(/1xx INVITE response received without a Contact header field/);
    await alice.dial(BOB.extension);
    await bob.ringsFor(ALICE);
    await bob.sendOn(CAROL.extension);
    await carol.ringsFor(ALICE);
    await carol.answer();
    await talk(alice, carol);
    await carol.hangUp();
    await Promise.all([alice.isFree(), bob.isFree(), carol.isFree()]);
    proved('its call is sent on while it rings', `${library} → Tabphone`);
  });
}

test('what rings is sent to the voicemail, and holding 1 calls it', async ({ phones, server }) => {
  const [alice, bob] = await phones.pair();
  const mail = await phones.open(CAROL, { tone: THIRD });
  await expect(bob.page.getByTitle('Hold for voicemail')).toHaveCount(0);
  await server.command('policy', 'set', '--for', BOB.extension, '--voicemail', CAROL.extension);
  const one = bob.page.getByTitle('Hold for voicemail');
  await expect(one).toBeVisible();
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.press('Send on');
  await bob.press('To voicemail');
  await mail.ringsFor(ALICE);
  await mail.decline();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await one.click();
  await expect(bob.page.getByLabel('Number or name to call')).toHaveValue('1');
  await bob.page.getByLabel('Number or name to call').fill('');
  await one.click({ delay: 1_000 });
  await mail.ringsFor(BOB);
  await expect(bob.page.getByLabel('Number or name to call')).toHaveValue('');
  await mail.decline();
  await bob.isFree();
});
