import { test, expect, talk, ALICE, BOB, type Phone } from '../fixtures/test.ts';

/** Within so long of the answer a picture is there, milliseconds; the machine that encodes and decodes both is slow. */
const SOON = 5_000;

async function seeEachOther(alice: Phone, bob: Phone): Promise<void> {
  await Promise.all([alice.sees('blue', SOON), bob.sees('red', SOON)]);
}

test('a video call: both see and hear each other, and the cameras go off with it', async ({ phones }) => {
  const [alice, bob] = await phones.seen();
  await alice.dialWithVideo(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.says('Video call');
  await alice.says('Video call');
  await bob.press('Answer with video');
  await seeEachOther(alice, bob);
  await talk(alice, bob);
  await Promise.all([alice.seesOurselves('red'), bob.seesOurselves('blue')]);

  await alice.press('Hide my picture');
  await expect(alice.page.getByLabel('My picture')).toHaveCount(0);
  await alice.press('Show my picture');
  await alice.seesOurselves('red');
  await alice.press('Full screen');
  await expect.poll(() => alice.page.evaluate(() => document.fullscreenElement !== null)).toBe(true);
  await alice.press('Full screen');
  await alice.press('Picture in picture');

  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await Promise.all([alice.hasReleasedCamera(), bob.hasReleasedCamera()]);
});

test('a video call answered with the voice shows the caller, and no more', async ({ phones }) => {
  const [alice, bob] = await phones.seen();
  await alice.press(`Video call ${BOB.name}`);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await bob.sees('red', SOON);
  await talk(alice, bob);
  await alice.seesNothing();
  await bob.hasReleasedCamera();
  // The camera can follow at any time.
  await bob.press('Start camera');
  await seeEachOther(alice, bob);
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});
