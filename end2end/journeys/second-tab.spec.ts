import { test, expect, connect, makeGoodCall, talk, ALICE, BOB, HIGH, LOW } from '../fixtures/test.ts';

const WATCHING = 'This phone is open in another tab or on another device';

test('a second tab watches the line live, and takes it over when told', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  const second = await phones.beside(alice);
  await expect(second.button('Use the phone here')).toBeVisible();
  await second.says(WATCHING);
  await expect(second.page.getByRole('status')).toHaveText('Ready elsewhere');
  await alice.isReady();

  // What happens on the line is seen in the tab that watches, as it happens.
  await bob.dial(ALICE.extension);
  await alice.ringsFor(BOB);
  await expect(second.callWith(BOB)).toBeVisible();
  await expect(second.button('Answer'), 'only the tab that holds the line answers').toBeDisabled();
  await alice.answer();
  await talk(alice, bob);
  await expect(second.callWith(BOB)).toContainText('Connected');
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await expect(second.callWith(BOB)).toHaveCount(0);

  await second.useHere();
  await second.isReady();
  await expect(second.button('Use the phone here')).toHaveCount(0);
  await expect(alice.button('Use the phone here')).toBeVisible();
  await makeGoodCall(bob, second);
  await makeGoodCall(second, bob);

  // And back.
  await alice.useHere();
  await alice.isReady();
  await expect(second.button('Use the phone here')).toBeVisible();
  await makeGoodCall(bob, alice);
});

test('a second browser watches, and takes the line over when told', async ({ phones, server }) => {
  const [first, bob, second] = await Promise.all([phones.open(ALICE, { tone: LOW }), phones.open(BOB, { tone: HIGH }), phones.blank(ALICE, { tone: LOW })]);
  await second.logIn();
  await expect(second.page).toHaveURL(server.at('/'));
  await expect(second.button('Use the phone here')).toBeVisible();
  await second.useHere();
  await second.isReady();
  await expect(first.button('Use the phone here')).toBeVisible();
  await makeGoodCall(bob, second);
});

test('when the tab that holds the line is closed, the one that watches gets it by itself', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  const second = await phones.beside(alice);
  await expect(second.button('Use the phone here')).toBeVisible();
  await alice.page.close();
  await expect(second.button('Use the phone here')).toHaveCount(0, { timeout: 20_000 });
  await second.isReady();
  await makeGoodCall(bob, second);
});

test('a call that is up moves along with the line, when that is confirmed', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await connect(alice, bob);
  const second = await phones.beside(alice);
  await second.useHere();
  await second.says('A call is up there. Moving the phone interrupts its sound.');
  await second.press('Leave it there');
  await talk(alice, bob);

  await second.useHere();
  await second.press('Move the call here');
  await talk(second, bob);
  await expect(alice.button('Use the phone here')).toBeVisible();
  await alice.hasReleasedMicrophone();
  await second.hangUp();
  await Promise.all([second.isFree(), bob.isFree()]);
});
