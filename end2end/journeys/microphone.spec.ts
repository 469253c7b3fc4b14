import { test, makeGoodCall, ALICE, BOB, HIGH, LOW } from '../fixtures/test.ts';

const REFUSED = 'The browser may not use the microphone.';
const MISSING = 'There is no microphone.';

test('the caller refuses the microphone', async ({ phones }) => {
  const alice = await phones.open(ALICE, { tone: LOW, microphone: false });
  const bob = await phones.open(BOB, { tone: HIGH });
  await alice.dial(BOB.extension);
  await alice.says(REFUSED);
  await Promise.all([alice.isFree(), bob.isFree()]);
  await alice.allowMicrophone(true);
  await makeGoodCall(alice, bob);
});

test('the called person refuses the microphone', async ({ phones }) => {
  const alice = await phones.open(ALICE, { tone: LOW });
  const bob = await phones.open(BOB, { tone: HIGH, microphone: false });
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await bob.says(REFUSED);
  await alice.says(/Their phone could not take the call/);
  await Promise.all([alice.isFree(), bob.isFree()]);
  await bob.allowMicrophone(true);
  await makeGoodCall(alice, bob);
});

test('the caller has no microphone', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.microphoneFails('NotFoundError');
  await alice.dial(BOB.extension);
  await alice.says(MISSING);
  await Promise.all([alice.isFree(), bob.isFree()]);
  await alice.microphoneFails(undefined);
  await makeGoodCall(alice, bob);
});

test('the called person has no microphone', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await bob.microphoneFails('NotFoundError');
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await bob.says(MISSING);
  await alice.says(/Their phone could not take the call/);
  await Promise.all([alice.isFree(), bob.isFree()]);
  await bob.microphoneFails(undefined);
  await makeGoodCall(alice, bob);
});

test('another program holds the microphone', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.microphoneFails('NotReadableError');
  await alice.dial(BOB.extension);
  await alice.says('Another program is using the microphone.');
  await Promise.all([alice.isFree(), bob.isFree()]);
  await alice.microphoneFails(undefined);
  await makeGoodCall(alice, bob);
});
