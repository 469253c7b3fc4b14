import { test, expect, connect, talk, ALICE, BOB, HIGH, type Phone } from '../fixtures/test.ts';
import type { Locator, Page } from '@playwright/test';

/** The history, in a tab of its own: the phone stays where it is. */
async function history(phone: Phone): Promise<Page> {
  const page = await phone.context.newPage();
  await page.goto(phone.server.at('/history'));
  return page;
}

function calls(page: Page): Locator {
  return page.getByRole('list').getByRole('listitem');
}

/** The history shows exactly these calls, the latest first; each is all words that its row has to have. */
async function shows(page: Page, rows: readonly (readonly (string | RegExp)[])[]): Promise<void> {
  await expect(async () => {
    await page.reload();
    await expect(calls(page)).toHaveCount(rows.length, { timeout: 500 });
    for (const [index, words] of rows.entries()) {
      for (const word of words) await expect(calls(page).nth(index)).toContainText(word, { timeout: 500 });
    }
  }).toPass();
}

test('every call is in the history of both, once: talked, reloaded in the middle, and missed', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  const missed = bob.page.getByRole('link', { name: /^History/ });

  await connect(alice, bob);
  await alice.page.reload();
  await talk(alice, bob);
  // Long enough for the sound to be measured again.
  await expect(alice.page.getByText(/(Good|Fair|Poor|Bad) sound/)).toBeVisible({ timeout: 15_000 });
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await expect(missed).toHaveText('History');

  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await alice.cancel();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await expect(missed).toContainText('1 missed');
  await expect(bob.page).toHaveTitle('(1) Tabphone');

  const sound = /(Good|Fair|Poor|Bad) sound/;
  const [atAlice, atBob] = [await history(alice), await history(bob)];
  await expect(calls(atBob).first()).toContainText('New');
  await shows(atAlice, [
    [BOB.name, 'Outgoing call', 'You cancelled the call.'],
    [BOB.name, 'Outgoing call', 'They hung up.', /UTC\s*0:\d\d/, sound],
  ]);
  await shows(atBob, [
    [ALICE.name, 'Missed call', 'they hung up before you answered'],
    [ALICE.name, 'Incoming call', 'You hung up.', /UTC\s*0:\d\d/, sound],
  ]);
  await calls(atBob).last().getByText(sound).click();
  await expect(calls(atBob).last()).toContainText(/MOS \d\.\d \(worst \d\.\d\) · loss \d+\.\d % · jitter \d+ ms/);
  // Seen here, it is not counted there any more.
  await expect(missed).toHaveText('History');
  await expect(bob.page).toHaveTitle('Tabphone');
});

test('a call is found, called back, saved and removed, without any script', async ({ phones, browsers }) => {
  const [alice, bob] = await phones.pair();
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.decline();
  await Promise.all([alice.isFree(), bob.isFree()]);

  await bob.page.getByRole('link', { name: /^History/ }).click();
  const page = bob.page;
  await shows(page, [[ALICE.name, 'Incoming call', 'You declined the call.']]);
  await page.getByLabel('Name or number').fill('nobody');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByText('No such call was found.')).toBeVisible();
  await page.getByLabel('Name or number').fill(ALICE.name.toUpperCase().slice(0, 4));
  await page.getByLabel('Calls').selectOption('Incoming');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(calls(page)).toHaveCount(1);
  const saving = page.waitForEvent('download');
  await page.getByRole('link', { name: /CSV/ }).click();
  expect((await saving).suggestedFilename()).toBe('calls.csv');

  // The link only fills the field; the person calls.
  await page.getByRole('button', { name: `Call ${ALICE.name} back` }).click();
  await bob.isReady();
  await expect(page.getByLabel('Number or name to call')).toHaveValue(ALICE.extension);
  await bob.press('Call');
  await alice.ringsFor(BOB);
  await bob.cancel();
  await Promise.all([alice.isFree(), bob.isFree()]);

  const { browser } = await browsers({ tone: HIGH, engine: 'Chromium', pulsed: true, args: [] });
  const context = await browser.newContext({ javaScriptEnabled: false, storageState: await bob.context.storageState() });
  const plain = await context.newPage();
  await plain.goto(bob.server.at('/history'));
  await shows(plain, [[ALICE.name, 'Outgoing call', 'You cancelled the call.'], [ALICE.name, 'Incoming call']]);
  await calls(plain).last().getByRole('button', { name: /^Remove/ }).click();
  await expect(calls(plain)).toHaveCount(1);
  await plain.getByText('Remove all').click();
  await plain.getByRole('button', { name: 'Remove the whole history for good' }).click();
  await expect(plain.getByText('There are no calls yet.')).toBeVisible();
  await context.close();
});
