/** A tab crashes, a browser is killed: who opens the page again has the call back, as after a reload. */

import { crash } from '../fixtures/chromium.ts';
import { inWords, interruption } from '../fixtures/interruption.ts';
import { test, expect, connect, Phone, ALICE, BOB, HIGH, LOW } from '../fixtures/faults.ts';
import { slow } from '../fixtures/limits.ts';

/** How soon after the page was opened both hear each other, in milliseconds. */
const SOUND = 2_000;

test('the tab crashes in a call: a new one goes on with it', async ({ measured, phones }) => {
  const [alice, bob] = await measured.pair();
  alice.complaints.expect(/crash/i);
  await connect(bob, alice);
  await crash(alice.page);
  const opened = Date.now();
  const again = await phones.beside(alice);
  const it = await interruption(again, bob, opened);
  test.info().annotations.push({ type: 'crash', description: inWords(it) });
  expect.soft(it.both, `sound both ways within 2 s of the new tab; it was ${inWords(it)}`).toBeLessThanOrEqual(slow(SOUND));
  await again.doesNotSay(/open in another tab/);
  await again.hangUp();
  await Promise.all([again.isFree(), bob.isFree()]);
});

/** Shorter and longer than a tab that fell silent keeps the phone; both within the time for which calls are kept. */
for (const seconds of [5, 15]) {
  test(`the browser is killed in a call and opened again, and its page after ${seconds} s: it goes on with it`, async ({ measured, chromium, server }) => {
    test.slow();
    const bob = await measured.open(BOB, { tone: HIGH });
    const browser = await chromium({ tone: LOW });
    const first = new Phone(await browser.page(), server, ALICE, LOW);
    await first.logIn();
    await first.isReady();
    // A browser writes its cookies down when it is closed, or after half a minute.
    await browser.close();
    await browser.open();
    const alice = new Phone(await browser.page(), server, ALICE, LOW);
    await alice.page.goto(server.at('/'));
    await alice.isReady(20_000);
    await connect(bob, alice);

    await browser.kill();
    const killed = Date.now();
    // How fast a browser starts is its own affair, and of how busy the machine is: it starts at once, and waits with its page.
    await browser.open();
    const again = new Phone(await browser.page(), server, ALICE, LOW);
    // It is the time that passes that is tested.
    await bob.page.waitForTimeout(Math.max(0, killed + seconds * 1000 - Date.now()));
    const opened = Date.now();
    await again.page.goto(server.at('/'), { waitUntil: 'commit' });
    const it = await interruption(again, bob, opened);
    test.info().annotations.push({ type: 'killed', description: inWords(it) });
    expect.soft(it.both, `sound both ways within 2 s of the page; it was ${inWords(it)}`).toBeLessThanOrEqual(slow(SOUND));
    await again.doesNotSay(/open in another tab/);
    await bob.hangUp();
    await Promise.all([again.isFree(), bob.isFree()]);
  });
}
