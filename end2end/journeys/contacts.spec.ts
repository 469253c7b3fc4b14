import { test, expect, ALICE, BOB, CAROL, HIGH, LOW } from '../fixtures/test.ts';

test('a contact is written, found while it is typed, and known when it calls', async ({ phones, browsers }) => {
  const [alice, bob] = await phones.pair();
  const page = await bob.context.newPage();
  await page.goto(bob.server.at('/contacts'));
  const found = page.getByRole('region', { name: 'Found contacts' });
  await expect(found).toContainText(ALICE.name);

  await page.getByRole('link', { name: 'New contact' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Aunt Álice');
  await page.getByLabel('Number 1', { exact: true }).fill(ALICE.extension);
  await page.getByLabel('Number 2', { exact: true }).fill('+49 30 123');
  await page.getByLabel(/^Note/).fill('Ask about the garden');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { name: 'Aunt Álice' })).toBeVisible();
  await page.getByRole('link', { name: 'All contacts' }).click();

  // Without any button: the list follows what is typed.
  await page.getByLabel('Name, company or number').pressSequentially('aunt al');
  await expect(found.getByRole('link', { name: 'Aunt Álice', exact: true })).toHaveCount(1);
  await expect(found).not.toContainText(CAROL.name);
  await found.getByRole('button', { name: 'Make Aunt Álice a favourite' }).click();
  await expect(found.getByRole('button', { name: 'Aunt Álice is no favourite any more' })).toBeVisible();

  await alice.dial(BOB.extension);
  const ringing = bob.page.getByRole('alertdialog');
  await expect(ringing).toContainText('Aunt Álice');
  await expect(ringing).toContainText('Ask about the garden');
  await alice.cancel();
  await Promise.all([alice.isFree(), bob.isFree()]);

  const { browser } = await browsers({ tone: HIGH, engine: 'Chromium', pulsed: true, args: [] });
  const context = await browser.newContext({ javaScriptEnabled: false, storageState: await bob.context.storageState() });
  const plain = await context.newPage();
  await plain.goto(bob.server.at('/contacts?show=favourites'));
  await plain.getByLabel('Name, company or number').fill('0049 30');
  await plain.getByRole('button', { name: 'Search' }).click();
  await expect(plain.getByRole('link', { name: 'Aunt Álice', exact: true })).toBeVisible();
  await context.close();
});

test('a status is seen by colleagues, and a call that rings at a colleague is picked up', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  const carol = await phones.open(CAROL, { tone: LOW });
  await bob.page.getByLabel('What colleagues see of you').selectOption('Away');
  await bob.page.getByLabel('A note for colleagues').fill('back at two');
  await bob.page.getByRole('button', { name: 'Set status' }).click();
  await carol.seesContact(BOB.name, /away · back at two/i);
  await bob.says('Colleagues see that you are away, and read: back at two');
  await bob.isReady();

  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await carol.seesContact(BOB.name, /ringing/i);
  await expect(alice.page.getByRole('button', { name: `Call ${BOB.name}`, exact: true })).toBeVisible();
  await carol.page.getByRole('button', { name: `Pick up the call of ${BOB.name}` }).click();
  await Promise.all([alice.hears(carol), carol.hears(alice)]);
  await bob.isFree();
  await carol.hangUp();
  await Promise.all([alice.isFree(), carol.isFree()]);
});
