import { test, expect, connect, makeGoodCall, ALICE, BOB, HIGH, LOW } from '../fixtures/test.ts';

/**
 * How long a page is away for its calls to be over, in milliseconds: the server keeps the line for ten seconds, and
 * a transaction that nobody goes on with lives for 32 (64*T1, RFC 3261 17.1.1.2). It is time itself that is tested.
 */
const AWAY = 45_000;

test('a page that was closed in a call comes back long after it, without the call', async ({ phones }) => {
  test.slow();
  const [alice, bob] = await phones.pair();
  await connect(alice, bob);
  await alice.page.close();
  await Promise.all([bob.page.waitForTimeout(AWAY), expect(bob.button('Hang up')).toHaveCount(0, { timeout: AWAY })]);
  await bob.isFree();

  const back = await phones.beside(alice);
  await back.isFree();
  await expect(back.callWith(BOB)).toHaveCount(0);
  expect(await back.microphoneAsked(), 'nothing was to be said, so no microphone was opened').toBe(0);
  await makeGoodCall(bob, back);
  await makeGoodCall(back, bob);
});

test('a page that was closed before it got the microphone does not call when it comes back', async ({ phones }) => {
  test.slow();
  const alice = await phones.open(ALICE, { tone: LOW });
  const bob = await phones.open(BOB, { tone: HIGH });
  await alice.microphonePends();
  await alice.dial(BOB.extension);
  await alice.says('Opening the microphone…');
  expect(await alice.microphoneAsked()).toBe(1);
  await alice.page.close();
  await bob.page.waitForTimeout(AWAY);

  const back = await phones.beside(alice);
  await back.isFree();
  await expect(back.callWith(BOB)).toHaveCount(0);
  expect(await back.microphoneAsked(), 'nobody called, so no microphone was opened').toBe(0);
  await bob.isFree();
  await bob.doesNotSay(/missed call/i);
  await makeGoodCall(back, bob);
});
