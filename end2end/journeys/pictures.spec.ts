/** Pictures come at once: after the answer, after a hold, to and from a page that is loaded anew or another tab. */

import { test, expect, talk, ALICE, BOB, CAROL, HIGH, LOW } from '../peers/test.ts';
import type { Phone } from '../fixtures/test.ts';

/** The goal is a second; the machine that encodes and decodes both ends may be busy. Milliseconds. */
const AT_MOST = 3_000;

/** Says how long it took, and that it was not too long. */
function within(what: string, from: number, to: number): void {
  const took = Math.round(to - from);
  console.log(`${what}: ${took} ms`);
  test.info().annotations.push({ type: 'measured', description: `${what}: ${took} ms` });
  expect(took, what).toBeLessThan(AT_MOST);
}

/** The moment of a person's click. */
async function presses(phone: Phone, name: string): Promise<number> {
  const at = phone.page.evaluate(
    () => new Promise<number>((next) => addEventListener('click', () => next(Date.now()), { once: true, capture: true })),
  );
  // Whoever listens is there before the click is.
  await phone.page.evaluate(() => undefined);
  await phone.press(name);
  return await at;
}

/** The moment at which the connection of this page's call stood. */
async function connected({ page }: Phone): Promise<number> {
  return await page.evaluate(() => window.probe.connectedAt);
}

/** A video call: when each sees the other, from the click on. */
async function callWithVideo(alice: Phone, bob: Phone): Promise<void> {
  await alice.dialWithVideo(BOB.extension);
  await bob.ringsFor(ALICE);
  const seen = Promise.all([alice.nextPicture(), bob.nextPicture()]);
  const clicked = await presses(bob, 'Answer with video');
  const [there, here] = await seen;
  within('their picture after the answer', clicked, there);
  within('the caller’s picture after the answer', clicked, here);
  await Promise.all([alice.sees('blue'), bob.sees('red')]);
}

test('within a second of the answer, of resume, and of a recovery, at both ends', async ({ phones }) => {
  test.slow();
  const [alice, bob] = await phones.seen();
  await callWithVideo(alice, bob);

  await test.step('our own hold: no picture leaves either end, and both say so', async () => {
    await alice.hold();
    await bob.isHeld(true);
    await Promise.all([alice.seesNoMore(), bob.seesNoMore()]);
    const before = await Promise.all([alice.picturesSent(), bob.picturesSent()]);
    await Promise.all([alice.seesNoMore(), bob.seesNoMore()]);
    const after = await Promise.all([alice.picturesSent(), bob.picturesSent()]);
    expect(after.map(({ all }) => all)).toEqual(before.map(({ all }) => all));
    await Promise.all([alice.hearsNothing(), bob.hearsNothing()]);
    const seen = Promise.all([alice.nextPicture(), bob.nextPicture()]);
    const clicked = await presses(alice, 'Resume');
    const [there, here] = await seen;
    within('their picture after resume', clicked, there);
    within('our picture after resume', clicked, here);
    await Promise.all([alice.sees('blue'), bob.sees('red'), talk(alice, bob)]);
    await bob.isHeld(false);
  });

  await test.step('the other end is loaded anew', async () => {
    await bob.page.reload();
    const [there, here] = await Promise.all([alice.nextPicture(), bob.nextPicture()]);
    const stood = await connected(bob);
    within('the picture of who was loaded anew', stood, there);
    within('the picture that they see', stood, here);
    await Promise.all([alice.sees('blue'), bob.sees('red'), talk(alice, bob)]);
  });

  await test.step('this page is loaded anew: counted from the moment its connection stands', async () => {
    await alice.page.reload();
    const seen = await alice.nextPicture();
    within('their picture after a reload', await connected(alice), seen);
    await Promise.all([alice.sees('blue'), bob.sees('red'), talk(alice, bob)]);
  });

  await test.step('another tab takes the call over', async () => {
    const other = await phones.beside(alice);
    await other.useHere();
    await other.press('Move the call here');
    const seen = await other.nextPicture();
    within('their picture after a takeover', await connected(other), seen);
    await Promise.all([other.sees('blue'), bob.sees('red'), talk(other, bob)]);
    await other.hangUp();
    await Promise.all([other.isFree(), bob.isFree()]);
  });
});

test('a camera that is unplugged in a call: it goes on with the voice, and says so', async ({ phones }) => {
  const [alice, bob] = await phones.seen();
  await alice.dialWithVideo(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.press('Answer with video');
  await Promise.all([alice.sees('blue'), bob.sees('red')]);
  await alice.cameraFails('NotFoundError');
  // The browser ends the track of a device that is gone.
  await alice.page.evaluate(() => {
    const camera = window.probe.cameras.findLast((track) => track.readyState === 'live');
    camera?.stop();
    camera?.dispatchEvent(new Event('ended'));
  });
  await alice.says('There is no camera. The call goes on with your voice.');
  await bob.seesNothing();
  await Promise.all([alice.sees('blue'), talk(alice, bob)]);
  await alice.cameraFails(undefined);
  await alice.press('Start camera');
  await bob.sees('red');
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

test('who gives no feedback by RTCP asks for a picture by INFO, is asked so, and gets a whole one', async ({ phones, stranger }) => {
  const [alice, carol] = await Promise.all([phones.open(ALICE, { tone: LOW, colour: 'red' }), stranger('JsSIP', CAROL, { tone: HIGH, colour: 'blue' })]);
  await carol.page.evaluate(() => {
    window.deaf = true;
  });
  await alice.dialWithVideo(CAROL.extension);
  await carol.answer();
  await Promise.all([alice.sees('blue'), carol.sees('red'), talk(alice, carol)]);
  await carol.noted('asked for a picture');
  const { whole } = await alice.picturesSent();
  await carol.press('Ask for a picture');
  await expect.poll(async () => (await alice.picturesSent()).whole).toBeGreaterThan(whole);
  await carol.sees('red');
  await alice.hangUp();
  await alice.isFree();
});
