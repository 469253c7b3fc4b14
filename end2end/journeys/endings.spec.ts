import { test, expect, connect, makeGoodCall, talk, ALICE, BOB, CAROL, LOW } from '../fixtures/test.ts';

test('cancelled before the answer', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await alice.cancel();
  await alice.says('You cancelled the call.');
  await bob.says('Missed call: they hung up before you answered.');
  await Promise.all([alice.isFree(), bob.isFree()]);
  await makeGoodCall(bob, alice);
});

test('declined', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await bob.decline();
  await alice.says('They declined the call.');
  await bob.says('You declined the call.');
  await Promise.all([alice.isFree(), bob.isFree()]);
  await makeGoodCall(bob, alice);
});

test('busy: in a call already, which goes on', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  const carol = await phones.open(CAROL, { tone: LOW });
  await connect(alice, bob);
  await carol.dial(BOB.extension);
  await carol.says('They are busy.');
  await carol.isFree();
  // Who was called learns it, and the running call is as it was.
  await bob.reads('Missed call: you were in another call.');
  await expect(bob.button('Answer')).toHaveCount(0);
  await expect(bob.callWith(ALICE)).toContainText('Connected');
  await expect(bob.callWith(CAROL)).toHaveCount(0);
  await talk(alice, bob);
  await Promise.all([alice.exchangesPackets(), bob.exchangesPackets()]);
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await makeGoodCall(carol, bob);
});

test.describe('with a short ringing time', () => {
  test.use({ serve: ['--ringing-time', '5'] });

  test('no answer', async ({ phones }) => {
    const [alice, bob] = await phones.pair();
    await alice.dial(BOB.extension);
    await bob.ringsFor(ALICE);
    await alice.says('Nobody answered.');
    await bob.says('Missed call: it rang until the time was up.');
    await Promise.all([alice.isFree(), bob.isFree()]);
    await makeGoodCall(alice, bob);
  });

  test('the called page is closed while it rings, and comes back too late', async ({ phones }) => {
    const [alice, bob] = await phones.pair();
    await alice.dial(BOB.extension);
    await bob.ringsFor(ALICE);
    await bob.page.close();
    await alice.reads('Nobody answered.');
    await alice.isFree();

    const back = await phones.beside(bob);
    await back.isFree();
    await makeGoodCall(alice, back);
    await makeGoodCall(back, alice);
  });
});

test('an extension that does not exist', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.dial('1999');
  await alice.says('There is no such number.');
  await alice.isFree();
  await makeGoodCall(alice, bob);
});

test('somebody whose phone is off', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.seesContact(CAROL.name, /offline/i);
  await alice.dial(CAROL.extension);
  await alice.says('They cannot be reached now: no phone of theirs is on.');
  await alice.isFree();
  await makeGoodCall(alice, bob);
});
