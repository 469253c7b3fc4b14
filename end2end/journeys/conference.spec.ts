/** Calls that are joined: each hears all others, whoever made their phone, and whatever happens in the middle. */

import { equip, plug, pull } from '../fixtures/devices.ts';
import { hearsAll } from '../fixtures/ears.ts';
import { test, expect, allHear, talk, ALICE, BOB, CAROL, DORA, FOURTH, HIGH, LOW, THIRD, type Person } from '../peers/test.ts';
import type { Phone, Phones } from '../fixtures/test.ts';

const TABLE = { label: 'Table microphone', tone: 600 };
const HEADSET = { label: 'Headset', tone: 1400 };

/** Alice talks with Bob and Carol, who do not hear one another yet. */
async function three(phones: Phones, options = {}): Promise<[Phone, Phone, Phone]> {
  const [alice, bob, carol] = await Promise.all([
    phones.open(ALICE, { tone: LOW, ...options }),
    phones.open(BOB, { tone: HIGH }),
    phones.open(CAROL, { tone: THIRD }),
  ]);
  await meet(alice, bob, carol);
  return [alice, bob, carol];
}

/** One calls another, and is called by a third: they talk with the third, and the other is on hold. */
async function meet(alice: Phone, bob: Person, carol: Person): Promise<void> {
  await alice.dial(bob.account.extension);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await bob.inCall();
  await carol.dial(ALICE.extension);
  await alice.ringsFor(carol.account);
  await alice.answer();
  await carol.inCall();
  await alice.holds(bob.account);
}

/** How often this page described itself so far: an INVITE goes out with each. */
async function described(phone: Phone): Promise<number> {
  return await phone.page.evaluate(() => window.probe.descriptions);
}

test('two calls are joined: each of three hears the other two; one is split off, joined again, and hangs up', async ({ phones }) => {
  test.slow();
  const [alice, bob, carol] = await three(phones);
  await alice.join(BOB);
  await alice.confers(BOB, CAROL);
  await allHear([alice, bob, carol]);

  await test.step('mute is for all', async () => {
    await alice.mute();
    await Promise.all([
      hearsAll(bob.page, [THIRD], [LOW, HIGH], BOB.name),
      hearsAll(carol.page, [HIGH], [LOW, THIRD], CAROL.name),
      hearsAll(alice.page, [HIGH, THIRD], [LOW], ALICE.name),
    ]);
    await alice.unmute();
    await allHear([alice, bob, carol]);
  });
  await test.step('a conference on hold is silent for all', async () => {
    await alice.press('Hold');
    await alice.conference.getByText('On hold', { exact: true }).first().waitFor();
    await Promise.all([alice, bob, carol].map(async (one) => await one.hearsNothing()));
    await Promise.all([bob, carol].map(async (one) => await one.stands(ALICE, 'They put you on hold')));
    await alice.press('Resume');
    await allHear([alice, bob, carol]);
  });
  await test.step('who puts us on hold is silent, and the others go on', async () => {
    await bob.hold();
    await alice.stands(BOB, 'They put you on hold');
    await allHear([alice, carol], [bob]);
    await bob.resume();
    await allHear([alice, bob, carol]);
  });
  await test.step('one is split off, and hears nobody', async () => {
    await alice.split(BOB);
    await alice.confers();
    await alice.holds(BOB);
    await allHear([alice, carol], [bob]);
  });
  await test.step('and joined again by a key', async () => {
    await alice.page.keyboard.press('Alt+j');
    await alice.confers(BOB, CAROL);
    await allHear([alice, bob, carol]);
  });
  await test.step('one hangs up: the other two go on in a plain call', async () => {
    await carol.hangUp();
    await alice.confers();
    await talk(alice, bob);
    await allHear([alice, bob], [carol]);
    await bob.hangUp();
    await Promise.all([alice.isFree(), bob.isFree(), carol.isFree()]);
  });
});

test('four talk with one another; one of the middle’s calls beside them waits, and all are hung up at once', async ({ phones }) => {
  test.slow();
  const [alice, bob, carol] = await three(phones);
  await alice.page.keyboard.press('Alt+j');
  await allHear([alice, bob, carol]);
  const dora = await phones.open(DORA, { tone: FOURTH });

  // Who turns to another call puts the conference on hold, and goes on with all of it.
  await dora.dial(ALICE.extension);
  await alice.ringsFor(DORA);
  await alice.says('Answer puts the conference on hold.');
  await alice.answer();
  await talk(alice, dora);
  await Promise.all([bob.hearsNothing(), carol.hearsNothing()]);
  await alice.confers(BOB, CAROL);
  await alice.page.keyboard.press('Alt+s');
  await allHear([alice, bob, carol], [dora]);
  await alice.holds(DORA);

  await alice.join(DORA);
  await alice.confers(BOB, CAROL, DORA);
  await allHear([alice, bob, carol, dora]);
  await alice.split(CAROL);
  await allHear([alice, bob, dora], [carol]);
  await alice.join(CAROL);
  await allHear([alice, bob, carol, dora]);
  await bob.hangUp();
  await allHear([alice, carol, dora], [bob]);
  await alice.press('Hang up all');
  await Promise.all([alice, bob, carol, dora].map(async (one) => await one.isFree()));
});

test('another microphone, an unplugged one, and none: the conference goes on without a word on the wire', async ({ phones }) => {
  test.slow();
  const [alice, bob, carol] = await three(phones, { before: async (page: Phone['page']) => await equip(page, [TABLE, HEADSET]) });
  const before = await described(alice);
  await alice.join(BOB);
  const with_ = (tone: number) => [Object.assign(Object.create(alice), { tone }) as Phone, bob, carol];
  await allHear(with_(TABLE.tone));
  const joined = await described(alice);
  expect(joined - before, 'who was on hold is gone on with, and no more').toBe(1);
  await alice.conference.getByText('Devices and volume').click();
  await alice.conference.getByLabel('Microphone').selectOption(HEADSET.label);
  await allHear(with_(HEADSET.tone));
  await pull(alice.page, HEADSET.label);
  await alice.says(/“Headset” is not there any more/);
  await allHear(with_(TABLE.tone));
  await pull(alice.page, TABLE.label);
  await alice.says(/They do not hear you\. There is no microphone\./);
  await allHear([bob, carol]);
  await plug(alice.page, TABLE);
  await alice.press('Try again');
  await allHear(with_(TABLE.tone));
  expect(await described(alice), 'nothing was negotiated anew').toBe(joined);
  await alice.press('Hang up all');
  await Promise.all([bob.isFree(), carol.isFree()]);
});

test('a conference outlives a reload of its middle, and moves to another browser', async ({ phones }) => {
  test.slow();
  const [alice, bob, carol] = await three(phones);
  const second = await phones.blank(ALICE, { tone: FOURTH });
  await second.logIn();
  await alice.join(BOB);
  await allHear([alice, bob, carol]);

  await alice.page.reload();
  await alice.isReady();
  await alice.confers(BOB, CAROL);
  await allHear([alice, bob, carol]);

  await second.confers(BOB, CAROL);
  await second.useHere();
  await second.press('Move the call here');
  await second.isReady();
  await second.confers(BOB, CAROL);
  await allHear([second, bob, carol], []);
  await second.press('Hang up all');
  await Promise.all([bob.isFree(), carol.isFree()]);
});

test('a conference of a JsSIP and a SIP.js phone, each with one of ours in the middle', async ({ phones, stranger }) => {
  test.slow();
  const alice = await phones.open(ALICE, { tone: LOW });
  const bob = await stranger('JsSIP', BOB, { tone: HIGH });
  const carol = await stranger('SIP.js', CAROL, { tone: THIRD });
  await meet(alice, bob, carol);
  await alice.page.keyboard.press('Alt+j');
  await alice.conference.waitFor();
  await allHear([alice, bob, carol]);
  await carol.hold();
  await allHear([alice, bob], [carol]);
  await carol.resume();
  await allHear([alice, bob, carol]);
  await carol.hangUp();
  await allHear([alice, bob], [carol]);
  await bob.hangUp();
  await alice.isFree();
});

test('one call is dropped where the other says that they are joined; the middle leaves, and the others go on without it', async ({ phones }) => {
  test.slow();
  const [alice, bob, carol] = await three(phones);
  await alice.callWith(BOB).hover();
  await alice.page.mouse.down();
  await alice.callWith(CAROL).hover();
  await alice.page.getByText('Drop here to join them').hover();
  await alice.page.mouse.up();
  await alice.confers(BOB, CAROL);
  await expect(alice.page.getByText('Drop here to join them')).toHaveCount(0);
  await allHear([alice, bob, carol]);
  await alice.press('Leave');
  await alice.isFree();
  await talk(bob, carol);
  await bob.hangUp();
  await Promise.all([bob.isFree(), carol.isFree()]);
});

test('whose connection breaks in a conference comes back into it', async ({ phones }) => {
  test.slow();
  const [alice, bob, carol] = await three(phones);
  await alice.join(BOB);
  await allHear([alice, bob, carol]);
  await bob.page.reload();
  await bob.isReady();
  await allHear([alice, bob, carol]);
  await alice.press('Hang up all');
  await Promise.all([alice.isFree(), bob.isFree(), carol.isFree()]);
});

test('the large picture of a conference is of who speaks, and all see its middle', async ({ phones }) => {
  test.slow();
  const [alice, bob, carol] = await Promise.all([
    phones.open(ALICE, { tone: LOW, colour: 'red' }),
    phones.open(BOB, { tone: HIGH, colour: 'blue' }),
    phones.open(CAROL, { tone: THIRD, colour: 'green' }),
  ]);
  await alice.dialWithVideo(BOB.extension);
  await bob.press('Answer with video');
  await alice.sees('blue');
  await carol.dialWithVideo(ALICE.extension);
  await alice.press('Answer with video');
  await alice.holds(BOB);
  await alice.join(BOB);
  await allHear([alice, bob, carol]);
  await Promise.all([bob.sees('red'), carol.sees('red')]);

  const width = async (of: Phone): Promise<number> =>
    (await alice.conference.getByRole('group', { name: of.account.name, exact: true }).getByLabel('Their picture').boundingBox())?.width ?? 0;
  for (const [speaks, silent] of [[carol, bob], [bob, carol]] as const) {
    await silent.mute();
    await expect.poll(async () => (await width(speaks)) > 2 * (await width(silent)), { message: `${speaks.account.name} is large` }).toBe(true);
    expect(await width(silent), 'the other one is seen, too').toBeGreaterThan(40);
    await silent.unmute();
  }
  await alice.press('Stop camera');
  await Promise.all([bob.seesNothing(), carol.seesNothing()]);
  await alice.press('Hang up all');
  await Promise.all([alice.isFree(), bob.isFree(), carol.isFree(), alice.hasReleasedCamera()]);
});

test('one screen is shown to all, also to who is joined later, and keys are heard by one alone', async ({ phones }) => {
  test.slow();
  const [alice, bob, carol] = await three(phones, { colour: 'red', args: ['--use-fake-ui-for-media-stream'] });
  await alice.press('Share screen');
  await carol.seesSomething();
  await bob.seesNothing();
  await alice.join(BOB);
  await Promise.all([bob.seesSomething(), carol.seesSomething(), allHear([alice, bob, carol])]);
  // Else Bob would hear the others louder than a key.
  await Promise.all([alice.mute(), carol.mute()]);
  await alice.press(`Keypad for ${BOB.name}`);
  const keypad = alice.page.getByRole('group', { name: 'Keypad', exact: true });
  const press = async (): Promise<void> => {
    for (let times = 0; times < 10; times += 1) await keypad.getByRole('button', { name: '1', exact: true }).click();
  };
  await Promise.all([bob.hearsKey('1'), press()]);
  await Promise.all([alice.unmute(), carol.unmute()]);
  await alice.split(BOB);
  await Promise.all([bob.seesNothing(), carol.seesSomething()]);
  await alice.join(BOB);
  await bob.seesSomething();
  await alice.screenEnds();
  await Promise.all([bob.seesNothing(), carol.seesNothing(), alice.hasReleasedCamera()]);
  await allHear([alice, bob, carol]);
  await alice.press('Share screen');
  await Promise.all([bob.seesSomething(), carol.seesSomething()]);
  await alice.press('Stop sharing');
  await Promise.all([bob.seesNothing(), carol.seesNothing(), alice.hasReleasedCamera()]);
  await alice.press('Hang up all');
  await Promise.all([bob.isFree(), carol.isFree()]);
});

test('where the browser wants a click before it mixes, the page says so, and all hear us meanwhile', async ({ phones }) => {
  test.slow();
  const [alice, bob, carol] = await three(phones, { before: async (page: Phone['page']) => await page.addInitScript(mute) });
  await alice.join(BOB);
  await allHear([alice, bob, carol]);
  await alice.page.evaluate(() => sessionStorage.setItem('no sound before a click', ''));
  await alice.page.reload();
  await alice.isReady();
  await alice.says('They hear you, but not one another.');
  await Promise.all([hearsAll(bob.page, [LOW], [HIGH, THIRD], BOB.name), hearsAll(carol.page, [LOW], [HIGH, THIRD], CAROL.name)]);
  await alice.press('Let me hear them');
  await alice.doesNotSay('The browser is silent until you click.');
  await allHear([alice, bob, carol]);
  await alice.press('Hang up all');
  await Promise.all([bob.isFree(), carol.isFree()]);
});

/** Runs in the page: what it asks of the browser's sound is done after the first click. */
function mute(): void {
  if (sessionStorage.getItem('no sound before a click') === null) return;
  let clicked = false;
  window.addEventListener('pointerdown', () => (clicked = true), { capture: true });
  window.AudioContext = class extends AudioContext {
    constructor() {
      super();
      if (!clicked) void this.suspend();
    }

    override async resume(): Promise<void> {
      if (clicked) await super.resume();
    }
  };
}
