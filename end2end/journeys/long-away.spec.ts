import { asks } from '../fixtures/permissions.ts';
import { test, expect, connect, makeGoodCall, BOB, CAROL, HIGH, LOW } from '../fixtures/test.ts';

/**
 * How long a page is away for its calls to be over, in milliseconds: the server keeps the line for ten seconds, and
 * a transaction that nobody goes on with lives for 32 (64*T1, RFC 3261 17.1.1.2). It is time itself that is tested,
 * once for both pages.
 */
const AWAY = 45_000;

const DANA = { extension: '1004', name: 'Dana Diaz', password: 'fresh paint 4' };

test('pages that were closed in a call, and before they got the microphone, come back long after it without a call', async ({ phones, server }) => {
  test.slow();
  await server.add(DANA);
  const [[alice, bob], carol, dana] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: LOW, before: asks }), phones.open(DANA, { tone: HIGH })]);
  await connect(alice, bob);
  await carol.microphonePends();
  await carol.dial(DANA.extension);
  await carol.says(/Allow the microphone: the browser asks you\./);
  expect(await carol.microphoneAsked()).toBe(1);

  await Promise.all([alice.page.close(), carol.page.close()]);
  await Promise.all([bob.page.waitForTimeout(AWAY), expect(bob.button('Hang up')).toHaveCount(0, { timeout: AWAY })]);
  await bob.isFree();

  await test.step('who was in a call', async () => {
    const back = await phones.beside(alice);
    await back.isFree();
    await expect(back.callWith(BOB)).toHaveCount(0);
    expect(await back.microphoneAsked(), 'nothing was to be said, so no microphone was opened').toBe(0);
    await makeGoodCall(bob, back);
    await makeGoodCall(back, bob);
  });
  await test.step('who was about to call', async () => {
    const back = await phones.beside(carol);
    await back.isFree();
    await expect(back.callWith(DANA)).toHaveCount(0);
    expect(await back.microphoneAsked(), 'nobody called, so no microphone was opened').toBe(0);
    await dana.isFree();
    await dana.doesNotSay(/missed call/i);
    await makeGoodCall(back, dana);
  });
});
