import { join } from 'node:path';
import { test, expect, makeGoodCall, ALICE, BOB, CAROL, HIGH, LOW, type Phone } from '../fixtures/test.ts';

/** From the phone to its settings. */
async function open({ page, server }: Phone): Promise<void> {
  await page.getByRole('link', { name: 'Settings' }).click();
  await expect(page).toHaveURL(server.at('/settings'));
}

async function save(phone: Phone): Promise<void> {
  await phone.press('Save');
  await phone.says('Saved.');
}

async function backToThePhone({ page, server }: Phone): Promise<void> {
  await page.getByRole('link', { name: 'Back to the phone' }).click();
  await expect(page).toHaveURL(server.at('/'));
}

test('who does not want to be disturbed is not, and the caller is told', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await open(bob);
  // With the keyboard alone.
  await bob.page.getByLabel('Do not disturb').focus();
  await bob.page.keyboard.press('Space');
  await bob.button('Save').press('Enter');
  await bob.says('Saved.');
  await expect(bob.page.getByLabel('Do not disturb')).toBeChecked();
  await backToThePhone(bob);
  await bob.isReady();
  await bob.says('Do not disturb is on: no call rings here.');

  await alice.dial(BOB.extension);
  await alice.says('They are busy.');
  await alice.isFree();
  await expect(bob.button('Answer')).toHaveCount(0);

  await bob.page.getByRole('link', { name: 'Change' }).click();
  await bob.page.getByLabel('Do not disturb').uncheck();
  await save(bob);
  await backToThePhone(bob);
  await bob.isReady();
  await bob.doesNotSay(/Do not disturb/);
  await makeGoodCall(alice, bob);
});

test('a page that is open says at once what was set elsewhere', async ({ phones, server }) => {
  const bob = await phones.open(BOB);
  const notice = bob.page.getByRole('complementary', { name: 'What becomes of your calls' });
  await expect(notice).toBeHidden();
  await server.command('user', 'set', BOB.extension, '--do-not-disturb', 'on', '--divert-busy', CAROL.extension);
  await bob.says('Do not disturb is on: no call rings here.');
  await expect(notice).toContainText(`Calls go to ${CAROL.name} (${CAROL.extension}).`);
  await server.command('user', 'set', BOB.extension, '--do-not-disturb', 'off', '--divert-busy', 'off');
  await expect(notice).toBeHidden();
});

test('with JavaScript off, calls are diverted, with the tab closed and nobody logged in', async ({ phones, server }) => {
  const [alice, carol, bob] = await Promise.all([
    phones.open(ALICE, { tone: LOW }),
    phones.open(CAROL, { tone: HIGH }),
    phones.blank(BOB, { context: { javaScriptEnabled: false } }),
  ]);
  await bob.logIn();
  await open(bob);
  await bob.page.getByLabel('While your phone is off, calls go to').fill('carol');
  await save(bob);
  await expect(bob.page.getByLabel('While your phone is off, calls go to')).toHaveValue(CAROL.extension);
  await backToThePhone(bob);
  await bob.says(`While your phone is off, calls go to ${CAROL.name} (${CAROL.extension}).`);
  await bob.logOut();
  await expect(bob.page).toHaveURL(server.at('/login'));

  await alice.dial(BOB.extension);
  await carol.ringsFor(ALICE);
  await carol.answer();
  await alice.inCall();
  await Promise.all([alice.hears(carol), carol.hears(alice)]);
  // Whoever left the page would leave the call.
  await expect(alice.page.getByRole('link', { name: 'Settings' })).toHaveCount(0);
  await alice.hangUp();
  await Promise.all([alice.isFree(), carol.isFree()]);
});

test('what is wrong is said where it is wrong, at every width and in every theme', async ({ phones, server }, testInfo) => {
  const bob = await phones.blank(BOB, { context: { javaScriptEnabled: false } });
  bob.complaints.expect(/status of 422/);
  await bob.logIn();
  await bob.page.goto(server.at('/settings'));
  await bob.page.getByLabel('All calls go to', { exact: true }).fill(BOB.extension);
  await bob.page.getByLabel('When you are busy, calls go to').fill('<img src=x onerror=alert(1)>');
  await bob.page.getByLabel('How long calls ring, in seconds').fill('soon');
  await bob.press('Save');
  await expect(bob.page.getByRole('alert')).toContainText('Nothing was saved yet.');
  const wrong = bob.page.getByLabel('All calls go to', { exact: true });
  await expect(wrong).toHaveValue(BOB.extension);
  await expect(wrong).toBeFocused();
  await expect(wrong).toHaveAccessibleDescription(/This is your own number/);
  const hostile = bob.page.getByLabel('When you are busy, calls go to');
  await expect(hostile).toHaveValue('<img src=x onerror=alert(1)>');
  await expect(hostile).toHaveAccessibleDescription(/This is no number and nobody's name/);
  for (const [width, height] of [[360, 740], [1440, 900]] as const) {
    await bob.page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await bob.page.emulateMedia({ colorScheme });
      const path = join(testInfo.outputDir, `settings-${width}-${colorScheme}.png`);
      await bob.page.screenshot({ path, fullPage: true });
      const overflow = await bob.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(overflow, `it fits a width of ${width}`).toBeLessThanOrEqual(0);
    }
  }
});

test('a code is dialled in the page, and says what it did', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await bob.dial('*78');
  await bob.says(/^Do not disturb is on/);
  await bob.isFree();
  await alice.dial(BOB.extension);
  await alice.says('They are busy.');
  await alice.isFree();
  await bob.dial('*79');
  await bob.says(/^Do not disturb is off/);
  await bob.isFree();
  await makeGoodCall(alice, bob);
});
