/** Without a microphone a call goes one way, says so, and has a way out. */

import { asks } from '../fixtures/permissions.ts';
import { test, expect, makeGoodCall, talk, ALICE, BOB, CAROL, HIGH, LOW, type Phone } from '../fixtures/test.ts';

const REFUSED = /They do not hear you\. The browser may not use the microphone\./;
const MISSING = /They do not hear you\. There is no microphone\./;
const BUSY = /They do not hear you\. Another program is using the microphone\./;
const UNABLE = /They do not hear you\. The microphone cannot do what is asked of it\./;
const ASKED = /Allow the microphone: the browser asks you\./;

/** They are in a call that this one hears and does not speak in, until the microphone is there. */
async function onlyListens(mute: Phone, other: Phone, words: RegExp): Promise<void> {
  await mute.says(words);
  await mute.hears(other);
  await other.hearsNothing();
  await expect(mute.button('Mute')).toHaveCount(0);
}

/** The microphone is there at last, in the same call. */
async function speaksAtLast(mute: Phone, other: Phone): Promise<void> {
  await talk(mute, other);
  await mute.doesNotSay(/They do not hear you/);
  await other.hangUp();
  await Promise.all([mute.isFree(), other.isFree()]);
}

test('the caller refuses the microphone, listens, allows it and speaks', async ({ phones }) => {
  const [alice, bob] = await Promise.all([phones.open(ALICE, { tone: LOW, microphone: false }), phones.open(BOB, { tone: HIGH })]);
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await onlyListens(alice, bob, REFUSED);
  await alice.allowMicrophone(true);
  await alice.press('Try again');
  await speaksAtLast(alice, bob);
  await makeGoodCall(bob, alice);
});

test('the called person refuses the microphone, listens, allows it and speaks', async ({ phones }) => {
  const [alice, bob] = await Promise.all([phones.open(ALICE, { tone: LOW }), phones.open(BOB, { tone: HIGH, microphone: false })]);
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await onlyListens(bob, alice, REFUSED);
  await bob.press('Try again');
  await bob.says(REFUSED);
  await bob.allowMicrophone(true);
  await bob.press('Try again');
  await speaksAtLast(bob, alice);
});

test('no microphone, whoever called, and why', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  for (const [why, name, words, calls] of [
    ['there is none, and who has none calls', 'NotFoundError', MISSING, true],
    ['there is none, and who has none is called', 'NotFoundError', MISSING, false],
    ['another program has it', 'NotReadableError', BUSY, true],
    ['it cannot do what is asked', 'OverconstrainedError', UNABLE, false],
  ] as const) {
    await test.step(why, async () => {
      await alice.microphoneFails(name);
      const [caller, called] = calls ? [alice, bob] : [bob, alice];
      await caller.dial(called.account.extension);
      await called.ringsFor(caller.account);
      await called.answer();
      await onlyListens(alice, bob, words);
      await bob.hangUp();
      await Promise.all([alice.isFree(), bob.isFree()]);
    });
  }
  await alice.microphoneFails(undefined);
  await makeGoodCall(alice, bob);
});

test('a question about the microphone that nobody answers holds up no call', async ({ phones }) => {
  const [alice, bob] = await Promise.all([phones.open(ALICE, { tone: LOW, before: asks }), phones.open(BOB, { tone: HIGH })]);
  await alice.microphonePends();

  await test.step('it is given up', async () => {
    await alice.dial(BOB.extension);
    await alice.says(ASKED);
    await alice.cancel();
    await alice.microphonePends(false);
    await Promise.all([alice.isFree(), bob.isFree()]);
  });
  await test.step('the caller goes on without, and allows it later', async () => {
    await alice.microphonePends();
    await alice.dial(BOB.extension);
    await alice.says(ASKED);
    await alice.press('Only listen');
    await bob.ringsFor(ALICE);
    await bob.answer();
    await onlyListens(alice, bob, ASKED);
    await alice.microphonePends(false);
    await speaksAtLast(alice, bob);
  });
  await test.step('who is called is heard by nobody for a while, but hears', async () => {
    await alice.microphonePends();
    await bob.dial(ALICE.extension);
    await alice.ringsFor(BOB);
    await alice.answer();
    await alice.says(ASKED);
    await onlyListens(alice, bob, ASKED);
    await alice.microphonePends(false);
    await speaksAtLast(alice, bob);
  });
});

test('a microphone that was granted and is slow holds up no call: it begins, and is heard once it is there', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  for (const [caller, called] of [[alice, bob], [bob, alice]] as const) {
    await alice.microphonePends();
    await caller.dial(called.account.extension);
    await called.ringsFor(caller.account);
    await called.answer();
    await onlyListens(alice, bob, ASKED);
    await alice.microphonePends(false);
    await speaksAtLast(alice, bob);
  }
});

test('two calls share one microphone, and each is muted by itself', async ({ phones }) => {
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: HIGH })]);
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await talk(alice, bob);
  await carol.dial(ALICE.extension);
  await alice.ringsFor(CAROL);
  await alice.answer();
  await carol.hears(alice);
  expect(await alice.microphoneAsked(), 'the browser was asked once').toBe(1);

  await alice.callWith(CAROL).getByRole('button', { name: 'Mute' }).click();
  await carol.hearsNothing();
  await carol.hangUp();
  await expect(alice.callWith(CAROL)).toHaveCount(0);
  // The first call was put on hold by the second; it was never muted.
  await alice.callWith(BOB).getByRole('button', { name: 'Resume' }).click();
  await talk(alice, bob);
  expect(await alice.microphoneAsked(), 'nor again').toBe(1);
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree(), carol.isFree()]);
});
