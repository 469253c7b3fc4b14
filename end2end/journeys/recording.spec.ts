/** Calls are recorded: what is heard and said is in the file, whatever happens meanwhile, and everybody sees that it is. */

import { crash } from '../fixtures/chromium.ts';
import { equip, pull } from '../fixtures/devices.ts';
import { test, expect, connect, runsOf, ALICE, BOB, CAROL, HIGH, LOW } from '../fixtures/faults.ts';
import { has, hear, isRecorded, listed, record } from '../fixtures/recordings.ts';
import { record as listenFor } from '../fixtures/recorder.ts';

const TONES = [LOW, HIGH];
/** Tells the other end. */
const ANNOUNCEMENT = 1400;
const TABLE = { label: 'Table microphone', tone: 600 };
const HEADSET = { label: 'Headset', tone: 1500 };

test('what is heard and said is in the file; hold is silence in it, and who is muted is not', async ({ measured }) => {
  const [alice, bob] = await measured.pair();
  await connect(alice, bob);
  const began = await record(alice);
  // It is the time that passes that is in the file.
  await alice.page.waitForTimeout(2_500);
  await alice.hold();
  await bob.hearsNothing();
  await alice.page.waitForTimeout(2_500);
  await alice.resume();
  await alice.hears(bob);
  await alice.mute();
  await alice.page.waitForTimeout(2_500);
  await alice.unmute();
  await bob.hears(alice);
  const took = (Date.now() - began) / 1000;
  await bob.hangUp();
  await alice.isFree();

  const [file] = await has(alice, 1);
  expect(file?.text).toContain(BOB.name);
  const heard = await hear(alice, alice.page, file?.id ?? '', TONES);
  test.info().annotations.push({ type: 'heard', description: String(heard) });
  expect(heard.seconds, `all of it: ${heard}`).toBeGreaterThan(took - 0.5);
  expect(heard.seconds, `and no more: ${heard}`).toBeLessThan(took + 2);
  expect(heard.has(LOW, 0, 2) && heard.has(HIGH, 0, 2), `both are heard in the beginning: ${heard}`).toBe(true);
  expect(heard.longest(undefined, TONES), `hold is silence: ${heard}`).toBeGreaterThan(2);
  expect(heard.longest(HIGH, [LOW]), `who is muted is not heard: ${heard}`).toBeGreaterThan(2);
  expect(heard.has(LOW, heard.seconds - 1) && heard.has(HIGH, heard.seconds - 1), `both are heard in the end: ${heard}`).toBe(true);

  await test.step('it is played, and says how long it is', async () => {
    await alice.page.goto(alice.server.at('/recordings'));
    const player = alice.page.getByLabel(/^Recording of the call with Bob Baker/);
    const length = await player.evaluate(async (element) => {
      const player = element as HTMLAudioElement;
      player.muted = true;
      await player.play();
      return player.duration;
    });
    expect(Math.abs(length - heard.seconds), `${length} s are shown`).toBeLessThan(1);
    await player.evaluate(async (element) => {
      const player = element as HTMLAudioElement;
      const moved = new Promise((done) => player.addEventListener('seeked', done, { once: true }));
      player.currentTime = 5;
      await moved;
    });
    await alice.page.getByText('Remove', { exact: true }).click();
    await alice.press('Remove for good');
    await alice.says('Nothing was recorded yet.');
    await alice.page.getByRole('link', { name: 'Back to the phone' }).click();
    await alice.isReady();
  });
});

test('a reload goes on in a new file and says so, and of the first one nothing is lost', async ({ measured }) => {
  const [alice, bob] = await measured.pair();
  await connect(bob, alice);
  const began = await record(alice);
  await alice.page.waitForTimeout(3_500);
  const took = (Date.now() - began) / 1000;
  await alice.page.reload();
  await isRecorded(alice, /It goes on in a new file/);
  await alice.hears(bob);
  await alice.page.waitForTimeout(2_000);
  await alice.press('Stop recording');
  await expect(alice.button('Record')).toBeVisible();
  const [second, first] = await has(alice, 2);
  const before = await hear(alice, alice.page, first?.id ?? '', TONES);
  const after = await hear(alice, alice.page, second?.id ?? '', TONES);
  expect(before.seconds, `of ${took} s: ${before}`).toBeGreaterThan(took - 1);
  expect(after.has(LOW) && after.has(HIGH), String(after)).toBe(true);
  await bob.hangUp();
  await alice.isFree();
  expect(await listed(alice), 'what was ended does not begin again').toHaveLength(2);
});

test('the page crashes: what was recorded until some seconds before can be played', async ({ measured, phones }) => {
  const [alice, bob] = await measured.pair();
  alice.complaints.expect(/crash/i);
  await connect(bob, alice);
  const began = await record(alice);
  await alice.page.waitForTimeout(5_000);
  const took = (Date.now() - began) / 1000;
  await crash(alice.page);
  const again = await phones.beside(alice);
  await isRecorded(again, /It goes on in a new file/);
  const first = (await has(again, 2))[1];
  const heard = await hear(again, again.page, first?.id ?? '', TONES);
  test.info().annotations.push({ type: 'crash', description: `${took} s until the crash, ${heard}` });
  expect(heard.seconds, `of ${took} s: ${heard}`).toBeGreaterThan(took - 3);
  expect(heard.gap(LOW) + heard.gap(HIGH), String(heard)).toBe(0);
  await bob.hangUp();
  await again.isFree();
});

test('the server is killed and started again: nothing is missing in the one file', async ({ measured, server }) => {
  const [alice, bob] = await measured.pair();
  for (const phone of [alice, bob]) phone.complaints.expect(/WebSocket|ERR_|status of 50\d/);
  await connect(alice, bob);
  const began = await record(alice);
  await alice.page.waitForTimeout(2_000);
  await server.kill();
  await isRecorded(alice, /this page keeps it until then/);
  await alice.page.waitForTimeout(1_000);
  await server.restart();
  await isRecorded(alice, /What you and they say is kept/);
  await Promise.all([alice.isReady(35_000), bob.isReady(35_000)]);
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  const took = (Date.now() - began) / 1000;
  await alice.hangUp();
  await alice.isFree();
  const [file] = await has(alice, 1);
  const heard = await hear(alice, alice.page, file?.id ?? '', TONES);
  test.info().annotations.push({ type: 'killed', description: String(heard) });
  expect(heard.seconds, `of ${took} s: ${heard}`).toBeGreaterThan(took - 0.5);
  expect(heard.gap(LOW) + heard.gap(HIGH), String(heard)).toBe(0);
});

test('another microphone is used meanwhile: it is one file', async ({ phones }) => {
  const [alice, bob] = await Promise.all([
    phones.open(ALICE, { tone: LOW, before: async (page) => await equip(page, [TABLE, HEADSET]) }),
    phones.open(BOB, { tone: HIGH }),
  ]);
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await bob.hears(TABLE);
  await record(alice);
  await alice.page.waitForTimeout(1_500);
  await pull(alice.page, TABLE.label);
  await bob.hears(HEADSET);
  await alice.page.waitForTimeout(1_500);
  await bob.hangUp();
  await alice.says('They hung up.');
  const [file] = await has(alice, 1);
  const heard = await hear(alice, alice.page, file?.id ?? '', [TABLE.tone, HEADSET.tone, HIGH]);
  expect(heard.has(TABLE.tone, 0, 1.5), String(heard)).toBe(true);
  expect(heard.has(HEADSET.tone, heard.seconds - 1.5), String(heard)).toBe(true);
  expect(heard.gap(HIGH), `they were heard all the time: ${heard}`).toBeLessThan(1);
});

test('it is seen in a tab that watches, and where there is no script', async ({ measured, phones }) => {
  const [alice, bob] = await measured.pair();
  await connect(alice, bob);
  const second = await phones.beside(alice);
  await expect(second.callWith(BOB)).toContainText('Connected');
  await record(alice);
  await isRecorded(second);
  await expect(second.button('Stop recording'), 'only the tab with the phone ends it').toBeDisabled();
  await expect(alice.page).toHaveTitle(`● Call with ${BOB.name}, recorded · Tabphone`);
  const reader = await phones.blank(ALICE, { tone: LOW, context: { javaScriptEnabled: false } });
  await reader.logIn();
  await isRecorded(reader);
  await alice.page.keyboard.press('Alt+r');
  await expect(second.page.getByText('Recording', { exact: true })).toHaveCount(0);
  await expect(second.button('Record')).toBeVisible();
  await bob.hangUp();
  await alice.isFree();
});

test('another tab takes the phone: it goes on there, and what was recorded here is there', async ({ measured, phones }) => {
  const [alice, bob] = await measured.pair();
  await connect(alice, bob);
  const second = await phones.beside(alice, { before: async (page) => await listenFor(page.context(), TONES) });
  await expect(second.callWith(BOB)).toContainText('Connected');
  const began = await record(alice);
  await alice.page.waitForTimeout(2_500);
  const took = (Date.now() - began) / 1000;
  await second.useHere();
  await second.press('Move the call here');
  await isRecorded(second, /It goes on in a new file/);
  await second.hears(bob);
  await bob.hangUp();
  const [after, before] = await has(second, 2);
  const first = await hear(second, second.page, before?.id ?? '', TONES);
  expect(first.seconds, `of ${took} s: ${first}`).toBeGreaterThan(took - 0.5);
  expect((await hear(second, second.page, after?.id ?? '', TONES)).has(HIGH)).toBe(true);
});

test('where it is not allowed there is no button, and the server takes nothing', async ({ measured, server }) => {
  const [alice, bob] = await measured.pair();
  await connect(alice, bob);
  await record(alice);
  await server.command('policy', 'set', '--recording', 'off');
  await alice.says('Recording stopped: it is not allowed here.');
  await expect(alice.button('Record')).toHaveCount(0);
  await expect(alice.button('Stop recording')).toHaveCount(0);
  const status = await alice.page.evaluate(async () => {
    const body = new URLSearchParams({ number: '1002', name: 'Bob', kind: 'audio/webm' });
    return (await fetch('/recordings', { method: 'POST', body })).status;
  });
  expect(status).toBe(403);
  alice.complaints.expect(/status of 403/);
  await bob.hangUp();
  await alice.isFree();
  await alice.page.reload();
  await connect(alice, bob);
  await expect(alice.button('Record')).toHaveCount(0);
  await expect(alice.page.getByText('Alt R')).toHaveCount(0);
  await alice.page.keyboard.press('Alt+r');
  await alice.hears(bob);
  await alice.doesNotSay(/Recording/);
  await bob.hangUp();
});

test('where it is announced the other end hears a tone, also of somebody who is muted, and sound goes on', async ({ phones, server }) => {
  test.slow();
  await server.command('policy', 'set', '--recording', 'announced');
  const options = { pulsed: false, before: async (page: import('@playwright/test').Page) => await listenFor(page.context(), [...TONES, ANNOUNCEMENT]) };
  const [alice, bob] = await Promise.all([phones.open(ALICE, { ...options, tone: LOW }), phones.open(BOB, { ...options, tone: HIGH })]);
  await connect(alice, bob);
  const told = async (): Promise<number> => (await runsOf(bob.page, ANNOUNCEMENT)).filter(([from, to]) => to - from > 150).length;
  expect(await told()).toBe(0);
  await record(alice);
  await isRecorded(alice, /They hear a tone every 15 seconds/);
  await expect.poll(told, { message: 'they are told when it begins' }).toBe(1);
  await bob.hears(alice);
  await alice.mute();
  await bob.hearsNothing();
  await expect.poll(told, { message: 'and again, whoever is muted', timeout: 20_000 }).toBe(2);
  const [first = [0, 0], second = [0, 0]] = (await runsOf(bob.page, ANNOUNCEMENT)).filter(([from, to]) => to - from > 150);
  expect(second[0] - first[0]).toBeGreaterThan(13_000);
  expect(second[0] - first[0]).toBeLessThan(18_000);
  await alice.unmute();
  await bob.hears(alice);
  await alice.press('Stop recording');
  await bob.hangUp();
  await alice.isFree();
});

test('what stands in the way is said, with what to do', async ({ phones }) => {
  const alice = await phones.open(ALICE, { tone: LOW });
  const bob = await phones.open(BOB, {
    tone: HIGH,
    before: async (page) => await page.addInitScript(() => Reflect.deleteProperty(window, 'MediaRecorder')),
  });
  await connect(alice, bob);
  await bob.press('Record');
  await bob.says('Recording stopped: this browser cannot do it.');
  await bob.says('Open the phone in a current Firefox, Chrome, Edge or Safari.');

  alice.complaints.expect(/status of (507|404)/);
  await alice.page.route('**/recordings', async (route) => await route.fulfill({ status: 507 }));
  await alice.press('Record');
  await alice.says('Recording stopped: the server has no room for it.');
  await expect(alice.page.getByRole('link', { name: 'Recordings' }).filter({ visible: true })).toHaveAttribute('href', '/recordings');
  await alice.page.unroute('**/recordings');
  await record(alice);
  await test.step('somebody removes it while it goes on', async () => {
    await alice.page.waitForTimeout(1_500);
    const [file] = await has(alice, 1);
    const removed = await alice.context.request.post(alice.server.at(`/recordings/${file?.id}/remove`), { headers: { origin: new URL(alice.server.at('/')).origin } });
    expect(removed.ok()).toBe(true);
    await alice.says('Recording stopped: it was removed.');
    await alice.hears(bob);
  });
  await bob.hangUp();
  await alice.isFree();
});

test('of a conference all are in one file; who is left alone goes on being recorded', async ({ phones }) => {
  test.slow();
  const options = { pulsed: false };
  const [alice, bob, carol] = await Promise.all([
    phones.open(ALICE, { ...options, before: async (page) => await equip(page, [TABLE]) }),
    phones.open(BOB, { ...options, before: async (page) => await equip(page, [{ label: 'Bob', tone: HIGH }]) }),
    phones.open(CAROL, { ...options, before: async (page) => await equip(page, [{ label: 'Carol', tone: 1800 }]) }),
  ]);
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await bob.hears(TABLE);
  await record(alice);
  await carol.dial(ALICE.extension);
  await alice.ringsFor(CAROL);
  await alice.answer();
  await carol.hears(TABLE);
  await alice.join(BOB);
  await alice.confers(BOB, CAROL);
  await isRecorded(alice);
  await alice.page.waitForTimeout(3_000);
  await bob.hangUp();
  await alice.confers();
  await isRecorded(alice);
  await alice.page.waitForTimeout(2_000);
  await carol.hangUp();
  await alice.says('They hung up.');
  const [after, before] = await has(alice, 2);
  expect(before?.text).toContain(BOB.name);
  expect(after?.text).toContain(CAROL.name);
  const tones = [TABLE.tone, HIGH, 1800];
  const together = await hear(alice, alice.page, before?.id ?? '', tones);
  test.info().annotations.push({ type: 'conference', description: String(together) });
  for (const tone of tones) expect(together.has(tone, together.seconds - 2, together.seconds - 1), `${tone} Hz: ${together}`).toBe(true);
  const alone = await hear(alice, alice.page, after?.id ?? '', tones);
  expect(alone.has(TABLE.tone) && alone.has(1800), String(alone)).toBe(true);
});
