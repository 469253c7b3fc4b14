import { test, expect, makeGoodCall, ALICE, BOB, CAROL, HIGH, LOW } from '../peers/test.ts';
import type { Phone } from '../fixtures/test.ts';
import type { Locator } from '@playwright/test';

/** What was written, each with how it stands. */
function lines(phone: Phone): Locator {
  return phone.page.getByRole('log', { name: 'What was written' }).locator('.messages__line');
}

/** Opens the conversation, in the page of the phone. */
async function opens(phone: Phone, number: string): Promise<void> {
  await phone.page.getByRole('link', { name: /^Messages/ }).click();
  await phone.page.getByLabel('Write to number').fill(number);
  await phone.button('Write').click();
  await expect(field(phone)).toBeVisible();
}

function field(phone: Phone): Locator {
  return phone.page.getByRole('textbox', { name: /^Write to (?!number)/ });
}

async function writes(phone: Phone, text: string): Promise<void> {
  await field(phone).fill(text);
  await field(phone).press('Enter');
  await expect(field(phone)).toHaveValue('');
}

/** Whether the page is still the one that was marked so: the phone was not left. */
async function mark(phone: Phone): Promise<() => Promise<void>> {
  await phone.page.evaluate(() => document.documentElement.setAttribute('data-marked', ''));
  return async () => await expect(phone.page.locator('html')).toHaveAttribute('data-marked', '');
}

test('two people write to each other beside their phones, and see what is new, delivered and seen', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  const stays = await mark(alice);
  await opens(alice, BOB.extension);
  await field(alice).fill('<b>Grüße</b>');
  await field(alice).press('Shift+Enter');
  await field(alice).pressSequentially('شكرا 🎉');
  await field(alice).press('Enter');
  await expect(lines(alice)).toHaveCount(1);
  await expect(lines(alice)).toContainText('Delivered');

  const link = bob.page.getByRole('link', { name: /^Messages/ });
  await expect(link).toContainText('1 new');
  await expect(bob.page).toHaveTitle('(1) Tabphone');
  await link.click();
  await bob.page.getByRole('link', { name: new RegExp(ALICE.name) }).click();
  await expect(lines(bob).locator('p').first()).toHaveText('<b>Grüße</b>\nشكرا 🎉', { useInnerText: true });
  await expect(link).toHaveText('Messages');
  await expect(bob.page).toHaveTitle('Tabphone');

  // Both look at it: nothing is new, and all of it is there at once.
  await writes(bob, 'One');
  await writes(bob, 'Two');
  await expect(lines(alice)).toHaveCount(3);
  await expect(lines(alice).last()).toContainText('Two');
  await expect(lines(bob).filter({ hasText: 'Delivered' })).toHaveCount(2);
  await expect(alice.page.getByRole('link', { name: /^Messages/ })).toHaveText('Messages');

  await alice.page.getByRole('link', { name: 'Close' }).click();
  await expect(field(alice)).toHaveCount(0);
  await alice.page.goBack();
  await expect(lines(alice)).toHaveCount(3);
  await alice.page.getByRole('link', { name: 'Close' }).click();
  await makeGoodCall(alice, bob);
  await stays();
});

test('who is off has it once, in order, although the page that wrote was loaded anew', async ({ phones, browsers }) => {
  const alice = await phones.open(ALICE, { tone: LOW });
  await opens(alice, BOB.extension);
  await writes(alice, 'first');
  await alice.page.reload();
  await writes(alice, 'second');
  await expect(lines(alice).filter({ hasText: 'Kept until a phone of theirs is on' })).toHaveCount(2);
  const bob = await phones.open(BOB, { tone: HIGH });
  await expect(lines(alice).filter({ hasText: 'Delivered' })).toHaveCount(2);
  await opens(bob, ALICE.extension);
  await expect(lines(bob)).toContainText(['first', 'second']);
  await expect(lines(bob)).toHaveCount(2);

  // All of it is there without any script, too, but for a phone that sends.
  const { browser } = await browsers({ tone: HIGH, engine: 'Chromium', pulsed: true, args: [] });
  const context = await browser.newContext({ javaScriptEnabled: false, storageState: await bob.context.storageState() });
  const plain = await context.newPage();
  await plain.goto(bob.server.at('/messages?q=SECOND'));
  await plain.getByRole('link', { name: /second/ }).click();
  await expect(plain.getByRole('log')).toContainText('second');
  await expect(plain.locator('#messages-hint')).toContainText('Without JavaScript this page is no phone', { useInnerText: true });
  await plain.getByRole('textbox', { name: /^Write to/ }).fill('without any script');
  await plain.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(plain.getByRole('log')).toContainText('without any script');
  await context.close();
  // A phone of his is open elsewhere, and sends it.
  await expect(lines(alice)).toHaveCount(3);
});

test('messages go to and from JsSIP, and a refusal says why', async ({ phones, stranger, proved }) => {
  const [alice, carol] = await Promise.all([phones.open(ALICE, { tone: LOW }), stranger('JsSIP', CAROL, { tone: HIGH })]);
  await opens(alice, CAROL.extension);
  await writes(alice, '¿qué?');
  await carol.noted(`message from ${ALICE.extension}: ¿qué?`);
  await expect(lines(alice)).toContainText('Accepted');
  await carol.message(ALICE.extension, 'nothing');
  await expect(lines(alice)).toHaveCount(2);
  await expect(lines(alice).last()).toContainText('nothing');
  await carol.noted('message sent: 200');
  proved('message', 'Tabphone → JsSIP');
  proved('message', 'JsSIP → Tabphone');

  await opens(alice, '1999');
  await writes(alice, 'Is anybody there?');
  await expect(lines(alice)).toContainText('Not delivered: there is nobody with this number.');
  await alice.press('Send again');
  await expect(lines(alice)).toContainText('Not delivered');
  await expect(lines(alice)).toHaveCount(1);
});
