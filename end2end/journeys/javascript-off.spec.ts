import { test, expect, connect, ALICE, BOB, CAROL, HIGH, LOW } from '../fixtures/test.ts';

const OFF = { javaScriptEnabled: false };

test('with JavaScript off, login works and the phone page can be read', async ({ phones, server }) => {
  const [bob, alice] = await Promise.all([phones.open(BOB, { tone: HIGH }), phones.blank(ALICE, { context: OFF })]);
  await alice.page.goto(server.at('/'));
  await expect(alice.page).toHaveURL(server.at('/login'));
  alice.complaints.expect(/status of 401/);
  await alice.fillIn(ALICE.extension, 'not the password');
  await alice.says(/extension or (the )?password/i);
  await alice.fillIn(ALICE.extension, ALICE.password);
  await expect(alice.page).toHaveURL(server.at('/'));

  await alice.says(ALICE.name);
  await alice.says(ALICE.extension);
  await expect(alice.page.getByLabel('Number or name to call')).toBeVisible();
  const contacts = alice.page.getByRole('listitem');
  await expect(contacts.filter({ hasText: BOB.name })).toContainText(/online/i);
  await expect(contacts.filter({ hasText: CAROL.name })).toContainText(/offline/i);

  await bob.logOut();
  await expect(bob.button('Log in')).toBeVisible();
  await alice.page.reload();
  await expect(contacts.filter({ hasText: BOB.name })).toContainText(/offline/i);

  await alice.logOut();
  await expect(alice.page).toHaveURL(server.at('/login'));
});

test('with JavaScript off, the call that is up in another browser is shown', async ({ phones, server }) => {
  const [alice, bob] = await phones.pair();
  await connect(alice, bob);

  const reader = await phones.blank(ALICE, { tone: LOW, context: OFF });
  await reader.logIn();
  await expect(reader.page).toHaveURL(server.at('/'));
  await expect(reader.callWith(BOB)).toContainText('Connected');
  const contacts = reader.page.getByRole('listitem');
  await expect(contacts.filter({ hasText: BOB.name }).filter({ hasText: /in a call/i })).toBeVisible();

  // Reading does not disturb the call, nor the registration.
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await alice.hangUp();
  await alice.isFree();
  await reader.page.reload();
  await expect(reader.callWith(BOB)).toHaveCount(0);
});
