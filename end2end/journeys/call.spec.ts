import { test, expect, connect, makeGoodCall, talk, ALICE, BOB } from '../fixtures/test.ts';

test('two people talk, and each hears the other', async ({ phones }) => {
  const [alice, bob] = await phones.pair();

  await alice.callContact(BOB.name);
  await bob.ringsFor(ALICE);
  await bob.ringsAloud();
  await alice.says('Ringing…');
  await bob.answer();
  await talk(alice, bob);
  await bob.isQuiet();
  await Promise.all([alice.exchangesPackets(), bob.exchangesPackets()]);
  // Without scrolling, on the low screen of a laptop.
  await expect(alice.button('Hang up')).toBeInViewport({ ratio: 1 });
  await alice.says(BOB.name);
  await bob.says(ALICE.name);

  await alice.hangUp();
  await bob.says('They hung up.');
  await Promise.all([alice.isFree(), bob.isFree()]);

  // The other way round, and the other end hangs up.
  await connect(bob, alice);
  await alice.hangUp();
  await bob.says('They hung up.');
  await Promise.all([alice.isFree(), bob.isFree()]);
});

test('a contact can be called by name', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.dial('bob baker');
  await bob.ringsFor(ALICE);
  await alice.cancel();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

test('mute stops the sound, and unmute brings it back', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await connect(alice, bob);

  await alice.mute();
  await bob.hearsNothing();
  await alice.hears(bob);
  await expect(alice.button('Unmute')).toBeVisible();

  await alice.unmute();
  await bob.hears(alice);

  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
  // Mute belongs to the call, not to the phone.
  await makeGoodCall(alice, bob);
});
