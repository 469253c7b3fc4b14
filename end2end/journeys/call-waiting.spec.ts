/** Who wants one call at a time is busy while there is one, whichever of their phones has it. */

import { test, expect, connect, talk, ALICE, BOB, CAROL, HIGH, THIRD } from '../peers/test.ts';

test('no call waiting: a second call hears busy, or goes where calls go then', async ({ phones, server }) => {
  test.slow();
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: THIRD })]);
  await bob.page.getByRole('link', { name: 'Settings' }).click();
  await bob.page.getByLabel('No call waiting').check();
  await bob.press('Save');
  await bob.says('Saved.');
  await expect(bob.page.getByLabel('No call waiting')).toBeChecked();
  await bob.page.getByRole('link', { name: 'Back to the phone' }).click();
  await expect(bob.page).toHaveURL(server.at('/'));
  await bob.isReady();
  await bob.says('Call waiting is off: who calls while you have a call finds you busy.');

  await connect(alice, bob);
  await carol.dial(BOB.extension);
  await carol.says('They are busy.');
  await carol.isFree();
  await expect(bob.button('Answer')).toHaveCount(0);
  await talk(alice, bob);
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);

  // What a phone dials, acts at once and on a call that is up.
  await connect(alice, bob);
  await server.command('user', 'set', BOB.extension, '--call-waiting', 'on');
  await expect(async () => {
    await carol.dial(BOB.extension);
    await bob.ringsFor(CAROL);
  }).toPass();
  await bob.decline();
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree(), carol.isFree()]);
});

test('it holds for a call on another phone of theirs', async ({ phones, stranger, server }) => {
  const [alice, bob, carol, other] = await Promise.all([
    phones.open(ALICE, { tone: HIGH }),
    phones.open(BOB, { tone: HIGH }),
    phones.open(CAROL, { tone: THIRD }),
    stranger('SIP.js', BOB, { tone: 900 }),
  ]);
  await server.command('user', 'set', BOB.extension, '--call-waiting', 'off', '--divert-busy', CAROL.extension);
  await other.dial(CAROL.extension);
  await carol.ringsFor(BOB);
  await carol.answer();
  await talk(other, carol);
  await alice.dial(BOB.extension);
  await carol.ringsFor(ALICE);
  await expect(bob.button('Answer')).toHaveCount(0);
  await carol.decline();
  await alice.isFree();
  await other.hangUp();
  await Promise.all([bob.isFree(), carol.isFree()]);
});
