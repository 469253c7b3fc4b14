/** Devices are chosen before and in a call, come and go, and are remembered. */

import { equip, plug, pull } from '../fixtures/devices.ts';
import { test, expect, connect, talk, ALICE, BOB, HIGH, LOW, type Phone } from '../fixtures/test.ts';

const TABLE = { label: 'Table microphone', tone: 600 };
const HEADSET = { label: 'Headset', tone: 1500 };

/** The section with all settings of sound. */
async function openSound(phone: Phone): Promise<void> {
  await phone.page.getByText('Sound and devices').click();
}

/** The descriptions that this page has sent and got so far. */
async function described(phone: Phone): Promise<number> {
  return await phone.page.evaluate(() => window.probe.descriptions);
}

test('another microphone is chosen in a call, which hears it without being told, and it is remembered', async ({ phones }) => {
  const [alice, bob] = await Promise.all([
    phones.open(ALICE, { tone: LOW, before: async (page) => await equip(page, [TABLE, HEADSET]) }),
    phones.open(BOB, { tone: HIGH }),
  ]);
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await bob.hears(TABLE);

  const before = await described(alice);
  await alice.page.getByText('Devices and volume').click();
  await alice.page.getByRole('group', { name: BOB.name }).getByLabel('Microphone').selectOption(HEADSET.label);
  await bob.hears(HEADSET);
  await alice.hears(bob);
  expect(await described(alice), 'nothing was negotiated anew').toBe(before);

  await test.step('it is pulled out: the call goes on with the other one at once, and says so', async () => {
    await pull(alice.page, HEADSET.label);
    await alice.says(/“Headset” is not there any more/);
    await bob.hears(TABLE);
    expect(await described(alice), 'nothing was negotiated anew').toBe(before);
  });
  await test.step('it is plugged in again, and is used again', async () => {
    await plug(alice.page, HEADSET);
    await alice.doesNotSay(/is not there any more/);
    await bob.hears(HEADSET);
  });
  await test.step('it is used after a reload, and in other browsers that have it', async () => {
    await alice.page.reload();
    await bob.hears(HEADSET);
    await bob.hangUp();
    await alice.says('They hung up.');
  });
  const elsewhere = await phones.blank(ALICE, { tone: LOW, before: async (page) => await equip(page, [TABLE, HEADSET]) });
  await elsewhere.logIn();
  await elsewhere.useHere();
  await elsewhere.isReady();
  await bob.dial(ALICE.extension);
  await elsewhere.ringsFor(BOB);
  await elsewhere.answer();
  await bob.hears(HEADSET);
  await bob.hangUp();
});

test('the only microphone is pulled out: the call goes on one way, and both ways once there is one again', async ({ phones }) => {
  const [alice, bob] = await Promise.all([
    phones.open(ALICE, { tone: LOW, before: async (page) => await equip(page, [TABLE]) }),
    phones.open(BOB, { tone: HIGH }),
  ]);
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await bob.hears(TABLE);
  await pull(alice.page, TABLE.label);
  await alice.says(/They do not hear you\. There is no microphone\./);
  await bob.hearsNothing();
  await alice.hears(bob);
  await plug(alice.page, HEADSET);
  await alice.press('Try again');
  await bob.hears(HEADSET);
  await bob.hangUp();
});

test('volumes, the ringtone and the speaker are set, kept, and followed', async ({ phones }) => {
  const [alice, bob] = await Promise.all([phones.open(ALICE, { tone: LOW }), phones.open(BOB, { tone: HIGH })]);
  await connect(bob, alice);
  const volume = async (): Promise<number> => await alice.page.evaluate(() => window.probe.speakers.at(-1)?.volume ?? -1);
  expect(await volume()).toBe(1);
  await openSound(alice);
  const panel = alice.page.locator('details', { hasText: 'Play the ringtone' });
  await panel.getByRole('slider', { name: 'Call volume' }).fill('40');
  await expect.poll(volume).toBeCloseTo(0.4);
  await bob.hangUp();

  // The fake outputs of Chromium itself.
  const speaker = panel.getByRole('combobox', { name: 'Speaker' });
  await speaker.selectOption('Fake Audio Output 1');
  await panel.getByRole('combobox', { name: 'Ring on' }).selectOption('Fake Audio Output 2');
  const saved = alice.page.waitForResponse((response) => response.url().endsWith('/settings/sound') && /ringtone=bell/i.test(response.request().postData() ?? ''));
  await panel.getByRole('combobox', { name: 'Ringtone' }).selectOption('Bell');
  await saved;
  await panel.getByRole('checkbox', { name: /Echo cancellation/ }).uncheck();
  await alice.press('Play the ringtone');
  await alice.ringsAloud();
  await alice.isQuiet();

  await alice.page.reload();
  await openSound(alice);
  await expect(panel.getByRole('slider', { name: 'Call volume' })).toHaveValue('40');
  await expect(panel.getByRole('combobox', { name: 'Ringtone' })).toHaveValue('Bell');
  await expect(panel.getByRole('checkbox', { name: /Echo cancellation/ })).not.toBeChecked();
  await expect(speaker.locator('option:checked')).toHaveText('Fake Audio Output 1');
  await bob.dial(ALICE.extension);
  await alice.ringsFor(BOB);
  await alice.ringsAloud();
  await alice.answer();
  await talk(alice, bob);
  const track = await alice.page.evaluate(() => window.probe.microphones.at(-1)?.getSettings().echoCancellation);
  expect(track, 'the microphone is opened as it is set').toBe(false);
  const sinks = await alice.page.evaluate(async () => {
    const outputs = await navigator.mediaDevices.enumerateDevices();
    return [window.probe.speakers.at(-1)?.sinkId, outputs.find(({ label }) => label === 'Fake Audio Output 1')?.deviceId];
  });
  expect(sinks[0]).toBe(sinks[1]);
  expect(await volume()).toBeCloseTo(0.4);
  await bob.hangUp();
});

test('a person sees how loud they are, and the microphone is closed again', async ({ phones }) => {
  const alice = await phones.open(ALICE, { tone: LOW });
  await openSound(alice);
  await alice.press('Test the microphone');
  const level = alice.page.getByLabel('You', { exact: true });
  await expect.poll(async () => Number(await level.evaluate((meter) => (meter as HTMLMeterElement).value))).toBeGreaterThan(30);
  await alice.press('Stop the test');
  await expect(level).toHaveCount(0);
  await alice.isFree();
});

test('the microphone stays open between calls for who wants it', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await openSound(alice);
  await alice.page.getByRole('checkbox', { name: /Keep the microphone open/ }).check();
  await connect(alice, bob);
  const asked = await alice.microphoneAsked();
  await bob.hangUp();
  await alice.says('They hung up.');
  await connect(bob, alice);
  expect(await alice.microphoneAsked(), 'it was open').toBe(asked);
  await bob.hangUp();
  await alice.page.getByRole('checkbox', { name: /Keep the microphone open/ }).uncheck();
  await Promise.all([alice.isFree(), bob.isFree()]);
});
