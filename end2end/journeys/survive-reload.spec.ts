/** A page that is loaded anew, or left and come back to, goes on with its call. */

import { inWords, interruption } from '../fixtures/interruption.ts';
import { test, expect, connect, makeGoodCall, talk, ALICE, CAROL, HIGH, LOW, type Phone } from '../fixtures/faults.ts';
import { slow } from '../fixtures/limits.ts';

/** How long it may take until both hear each other again, in milliseconds. */
const SOUND = 2_000;

test('a page that reloads has its phone back', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.page.reload();
  await alice.isReady();
  await makeGoodCall(bob, alice);
});

test('a page that is reloaded in a call, or left and come back to, goes on with it', async ({ measured }) => {
  const [alice, bob] = await measured.pair();
  await connect(alice, bob);
  const ways: [string, (phone: Phone) => Promise<unknown>][] = [
    ['reloaded', async ({ page }) => await page.reload({ waitUntil: 'commit' })],
    ['reloaded again', async ({ page }) => await page.reload({ waitUntil: 'commit' })],
    [
      'left, and come back to',
      async ({ page }) => {
        await page.goto('about:blank');
        await page.goBack({ waitUntil: 'commit' });
      },
    ],
  ];
  for (const [how, goes] of ways) {
    await test.step(how, async () => {
      const since = Date.now();
      await goes(alice);
      const it = await interruption(alice, bob, since);
      test.info().annotations.push({ type: how, description: inWords(it) });
      expect(it.both, `${how}: sound both ways within 2 s; it was ${inWords(it)}`).toBeLessThanOrEqual(slow(SOUND));
      await Promise.all([alice.inCall(), bob.inCall()]);
    });
  }
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await makeGoodCall(alice, bob);
});

test('the server itself shows the call to a page that reloads, and it never goes away', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await connect(bob, alice);
  await alice.page.addInitScript(() => {
    // Whether the card of the call was ever away, once it was there.
    const seen = { card: false, lost: false };
    Object.assign(window, { seen });
    const look = () => {
      const card = document.querySelector('.call') !== null;
      seen.lost ||= seen.card && !card;
      seen.card ||= card;
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
  });
  const response = await alice.page.reload();
  const text = (await response?.text()) ?? '';
  expect(text, 'the page comes with the name of who it talks to').toContain(bob.account.name);
  expect(text, 'and with the way to end the call').toContain('Hang up');
  await talk(alice, bob);
  expect(await alice.page.evaluate(() => (window as unknown as { seen: unknown }).seen)).toEqual({ card: true, lost: false });
  await alice.doesNotSay(/open in another tab/);
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

test('a page that reloads while it is muted and held is so afterwards', async ({ phones, stranger }) => {
  const [alice, carol] = await Promise.all([phones.open(ALICE, { tone: LOW }), stranger('JsSIP', CAROL, { tone: HIGH })]);
  await connect(carol, alice);
  await alice.mute();
  await carol.hold();
  await alice.hearsNothing();
  await alice.page.reload();
  await expect(alice.button('Unmute')).toBeVisible();
  // JsSIP ends a call when both ends describe it anew at once: the page has done so when the sound is connected.
  await alice.stands(CAROL, 'They put you on hold');
  await carol.resume();
  await alice.hears(carol);
  await carol.hearsNothing();
  await alice.unmute();
  await carol.hears(alice);
  await carol.hangUp();
  await alice.isFree();
});
