/**
 * A page is gone in a call, and the far end goes on as if it were there: it is answered, and who opens the page again
 * finds the call as it has become.
 */

import { test, expect, connect, talk, ALICE, BOB, CAROL, HIGH, LOW } from '../fixtures/faults.ts';

test('the far end asks, presses keys, holds; another calls: the page that comes back knows it all', async ({ phones, stranger }) => {
  const [alice, bob, carol] = await Promise.all([phones.open(ALICE, { tone: LOW }), phones.open(BOB, { tone: LOW }), stranger('JsSIP', CAROL, { tone: HIGH })]);
  await connect(carol, alice);

  await alice.page.close();
  await carol.asks();
  await carol.sends('5', 'INFO');
  await carol.noted('key taken: 5');
  await carol.hold();
  await carol.noted('hold accepted');
  await bob.dial(ALICE.extension);
  await bob.says('They are busy.');
  await bob.isFree();

  const back = await phones.beside(alice);
  await back.isReady();
  await back.stands(CAROL, 'They put you on hold');
  await back.says('Missed call: you were in another call.');
  await back.hearsNothing();
  await carol.resume();
  await talk(back, carol);
  await back.hangUp();
  await carol.sawItEnd(/^Ended by remote: Terminated$/);
  await back.isFree();
});

test('the far end hangs up: the page that comes back says so', async ({ phones, stranger }) => {
  const [alice, carol] = await Promise.all([phones.open(ALICE, { tone: LOW }), stranger('JsSIP', CAROL, { tone: HIGH })]);
  await connect(carol, alice);
  await alice.page.close();
  await carol.asks();
  await carol.hangUp();
  await carol.isFree();
  const back = await phones.beside(alice);
  await back.says('They hung up.');
  await back.isFree();
  expect(await back.microphoneAsked(), 'there was nothing to say, so no microphone was opened').toBe(0);
});

test('the far end hands the call over: the page that comes back follows', async ({ phones, stranger }) => {
  const [alice, bob, carol] = await Promise.all([
    phones.open(ALICE, { tone: LOW }),
    phones.open(BOB, { tone: HIGH }),
    stranger('JsSIP', CAROL, { tone: HIGH }),
  ]);
  await connect(carol, alice);
  await alice.page.close();
  await carol.asks();
  await carol.transfer(BOB.extension);
  await carol.noted('transfer taken');
  const back = await phones.beside(alice);
  await bob.ringsFor(ALICE);
  await bob.answer();
  await talk(back, bob);
  await carol.isFree();
  await bob.hangUp();
  await Promise.all([back.isFree(), bob.isFree()]);
});
