import { Caller, webrtc } from '../peers/caller.ts';
import { test, expect, connect, makeGoodCall, talk, ALICE, BOB, CAROL, LOW } from '../fixtures/test.ts';

test('cancelled, declined, no such number, nobody there: each is said, and the next call works', async ({ phones }) => {
  test.slow();
  const [alice, bob] = await phones.pair();
  await test.step('cancelled before the answer', async () => {
    await alice.dial(BOB.extension);
    await bob.ringsFor(ALICE);
    await alice.cancel();
    await alice.says('You cancelled the call.');
    await bob.says('Missed call: they hung up before you answered.');
    await Promise.all([alice.isFree(), bob.isFree()]);
    await makeGoodCall(bob, alice);
  });
  await test.step('declined', async () => {
    await alice.dial(BOB.extension);
    await bob.ringsFor(ALICE);
    await bob.decline();
    await alice.says('They declined the call.');
    await bob.says('You declined the call.');
    await Promise.all([alice.isFree(), bob.isFree()]);
    await makeGoodCall(bob, alice);
  });
  await test.step('an extension that does not exist', async () => {
    await alice.dial('1999');
    await alice.says('There is no such number.');
    await alice.isFree();
    await makeGoodCall(alice, bob);
  });
  await test.step('somebody whose phone is off', async () => {
    await alice.seesContact(CAROL.name, /offline/i);
    await alice.dial(CAROL.extension);
    await alice.says('They cannot be reached now: no phone of theirs is on.');
    await alice.isFree();
    await makeGoodCall(alice, bob);
  });
});

/** How many calls a phone has at most. */
const MOST = 8;

test('busy: as many calls are up already as there is room for, and go on', async ({ phones, server }) => {
  test.slow();
  const [[alice, bob], carol] = await Promise.all([phones.pair(), phones.open(CAROL, { tone: LOW })]);
  await connect(alice, bob);
  const others: Caller[] = [];
  for (let up = 1; up < MOST; up += 1) {
    const other = await Caller.open(server, CAROL, BOB);
    await other.invite(webrtc('actpass'));
    await other.receives(180);
    others.push(other);
  }
  await expect(bob.button('Answer')).toHaveCount(MOST - 1);
  await carol.dial(BOB.extension);
  await carol.says('They are busy.');
  await carol.isFree();
  // Who was called learns it, and the running call is as it was.
  await bob.reads('Missed call: you were in another call.');
  await expect(bob.button('Answer')).toHaveCount(MOST - 1);
  await expect(bob.callWith(ALICE)).toContainText('Connected');
  // And there is no room for one that is dialled.
  await bob.dial('1999');
  await bob.says('So many calls are up that there is no room for another one.');
  for (const other of others) {
    await bob.button('Decline').first().click();
    await expect(bob.button('Decline')).toHaveCount(others.length - 1 - others.indexOf(other));
  }
  for (const other of others) {
    other.acknowledge(await other.receives(603));
    other.drop();
  }
  await expect(bob.callWith(CAROL)).toHaveCount(0);
  await talk(alice, bob);
  await Promise.all([alice.exchangesPackets(), bob.exchangesPackets()]);
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await makeGoodCall(carol, bob);
});

test.describe('with a short ringing time', () => {
  test.use({ serve: ['--ringing-time', '5'] });

  test('no answer; and the called page is closed while it rings, and comes back too late', async ({ phones }) => {
    const [alice, bob] = await phones.pair();
    await alice.dial(BOB.extension);
    await bob.ringsFor(ALICE);
    await alice.says('Nobody answered.');
    await bob.says('Missed call: it rang until the time was up.');
    await Promise.all([alice.isFree(), bob.isFree()]);
    await makeGoodCall(alice, bob);

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
