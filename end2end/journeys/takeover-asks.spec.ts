/** A line with a call does not come unasked to where somebody else may sit: nobody's microphone opens by itself. */

import { test, expect, connect, talk, ALICE, LOW } from '../fixtures/faults.ts';

test('the browser in a call is gone: another one waits, and takes the call when told', async ({ measured }) => {
  const [first, bob] = await measured.pair();
  const second = await measured.blank(ALICE, { tone: LOW });
  await second.logIn();
  await connect(bob, first);
  await first.page.close();
  await second.says('The page with this phone was closed or has lost its connection', 15_000);
  expect(await second.microphoneAsked(), 'nobody clicked yet, so no microphone was opened').toBe(0);
  await second.useHere();
  await talk(second, bob);
  await second.hangUp();
  await Promise.all([second.isFree(), bob.isFree()]);
});

test('the browser in a call is gone, and nobody takes it: it ends after 20 s, and then the phone is here', async ({ measured }) => {
  test.slow();
  const [first, bob] = await measured.pair();
  const second = await measured.blank(ALICE, { tone: LOW });
  await second.logIn();
  await expect(second.button('Use the phone here')).toBeVisible();
  await connect(bob, first);
  await first.page.close();
  await expect(bob.button('Hang up')).toHaveCount(0, { timeout: 30_000 });
  await bob.isFree();
  await second.isReady(15_000);
  await expect(second.button('Use the phone here')).toHaveCount(0);
  expect(await second.microphoneAsked(), 'nobody clicked, so no microphone was opened').toBe(0);
  await bob.dial(ALICE.extension);
  await second.ringsFor(bob.account);
  await second.decline();
  await Promise.all([second.isFree(), bob.isFree()]);
});
