import { test, connect, expect, talk, ALICE, BOB, type Phone } from '../fixtures/test.ts';

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

test('the camera goes on and off inside a call, and its light with it', async ({ phones }) => {
  const [alice, bob] = await phones.seen();
  await connect(alice, bob);
  await alice.seesNothing();

  await alice.press('Start camera');
  await bob.sees('red', SOON);
  await alice.seesOurselves('red');
  await alice.seesNothing();
  await bob.press('Start camera');
  await seeEachOther(alice, bob);

  await alice.press('Stop camera');
  await bob.seesNothing();
  await alice.hasReleasedCamera();
  await alice.sees('blue');
  // A second time, over what there is already.
  await alice.press('Start camera');
  await bob.sees('red', SOON);
  await talk(alice, bob);
  expect(await sections(alice)).toEqual(['audio', 'video']);

  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

test('a camera that cannot be had costs no call, and the page says what to do', async ({ phones }) => {
  const [alice, bob] = await phones.seen();
  await alice.cameraFails('NotAllowedError');
  await alice.dialWithVideo(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await talk(alice, bob);
  await alice.says('The browser may not use the camera. The call goes on with your voice.');
  await alice.says(/allow the camera, then start it again/);
  await bob.press('Start camera');
  await alice.sees('blue', SOON);
  await bob.seesNothing();

  for (const [failure, words] of [
    ['NotFoundError', 'There is no camera. The call goes on with your voice.'],
    ['NotReadableError', 'Another program is using the camera. The call goes on with your voice.'],
  ] as const) {
    await alice.cameraFails(failure);
    await alice.press('Start camera');
    await alice.says(words);
  }
  await alice.cameraFails(undefined);
  await alice.press('Start camera');
  await bob.sees('red', SOON);
  await alice.doesNotSay(/The call goes on with your voice/);
  await talk(alice, bob);
});

test('a screen is shared inside a call and as one, and the camera waits meanwhile', async ({ phones }) => {
  const [alice, bob] = await phones.seen();
  await alice.dialWithVideo(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await bob.sees('red', SOON);

  await alice.press('Share screen');
  await expect(alice.button('Stop sharing')).toBeVisible();
  await bob.seesSomethingElse('red');
  await talk(alice, bob);
  await alice.press('Stop sharing');
  await bob.sees('red', SOON);

  // The browser's own button.
  await alice.press('Share screen');
  await bob.seesSomethingElse('red');
  await alice.screenEnds();
  await bob.sees('red', SOON);
  await expect(alice.button('Share screen')).toBeVisible();
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree(), alice.hasReleasedCamera()]);

  // As a call of its own.
  await alice.page.getByLabel('Number or name to call').fill(BOB.extension);
  await alice.press('Share screen in a call');
  await bob.ringsFor(ALICE);
  await bob.answer();
  await bob.seesSomething(SOON);
  await talk(alice, bob);
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);

  // Who chooses no screen calls nobody.
  await alice.screenFails('NotAllowedError');
  await alice.page.getByLabel('Number or name to call').fill(BOB.extension);
  await alice.press('Share screen in a call');
  await alice.isFree();
  await bob.isFree();
});

test('a video call goes on in a page that is loaded anew, at either end, and in another tab', async ({ phones }) => {
  const [alice, bob] = await phones.seen();
  await alice.dialWithVideo(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.press('Answer with video');
  await seeEachOther(alice, bob);

  await alice.page.reload();
  await seeEachOther(alice, bob);
  await talk(alice, bob);
  expect(await sections(alice)).toEqual(['audio', 'video']);

  await bob.page.reload();
  await seeEachOther(alice, bob);
  await talk(alice, bob);

  const other = await phones.beside(alice);
  await other.useHere();
  await other.press('Move the call here');
  await Promise.all([other.sees('blue'), bob.sees('red')]);
  await talk(other, bob);

  // What was off stays off.
  await other.press('Stop camera');
  await bob.seesNothing();
  await other.page.reload();
  await other.sees('blue');
  await talk(other, bob);
  await bob.seesNothing();
  expect(await sections(other)).toEqual(['audio', 'video']);
  await other.hangUp();
  await Promise.all([other.isFree(), bob.isFree()]);
});

test('a screen that was shared before the page was loaded anew wants a click', async ({ phones }) => {
  const [alice, bob] = await phones.seen();
  await connect(alice, bob);
  await alice.press('Share screen');
  await bob.seesSomething(SOON);
  await alice.page.reload();
  await alice.says(/Your screen was shared/);
  await talk(alice, bob);
  await bob.seesNothing();
  await alice.press('Share screen');
  await bob.seesSomething(SOON);
  await alice.doesNotSay(/Your screen was shared/);
});

/** The kinds of the media sections of the page's last connection, in order. */
async function sections(phone: Phone): Promise<string[]> {
  const sdp = await phone.page.evaluate(() => window.probe.peers.at(-1)?.localDescription?.sdp ?? '');
  return [...sdp.matchAll(/^m=(\w+)/gm)].map(([, kind]) => kind ?? '');
}
