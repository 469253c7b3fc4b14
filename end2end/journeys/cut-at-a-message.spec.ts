/** The connection breaks in the very moment in which a message of a call goes by. The call goes on, or ends, as it should. */

import { BREAKINGS } from '../fixtures/moments.ts';
import { test, expect, makeGoodCall, talk, ALICE, BOB, HIGH, LOW } from '../fixtures/faults.ts';
import { slow } from '../fixtures/limits.ts';

/** How soon after the network is back signalling is, in milliseconds. */
const BACK = 300;

/** Of all moments those in which a phone and the exchange know different things for the longest; `make soak` has all. */
const SOME = [
  'the page calls: before INVITE of the page',
  'the page calls: before 200 INVITE of the server',
  'the page calls: after ACK of the page',
  'the page is called: after INVITE of the server',
  'the page is called: before 200 INVITE of the page',
  'the other describes the call anew: before 200 INVITE of the page',
  'the page hangs up: after BYE of the page',
  'the other hangs up: before BYE of the server',
];

test('a connection that is cut at a message of a call comes back, and the call is as if it had not been', async ({ phones, chaos }) => {
  test.slow();
  const [alice, bob] = await Promise.all([phones.open(ALICE, { tone: LOW, server: chaos }), phones.open(BOB, { tone: HIGH })]);
  // Whatever the page loads in that moment, such as the sign of a call that rings, is cut off, too.
  alice.complaints.expect(/WebSocket|ERR_/);

  for (const { what, moment, up, act } of BREAKINGS.filter(({ what }) => SOME.includes(what))) {
    await test.step(what, async () => {
      const cut = chaos.when(moment, () => chaos.cut());
      const acted = act(alice, bob);
      await cut;
      await chaos.turnsAway();
      const mended = Date.now();
      chaos.mend();
      const { at } = await chaos.sees('server', /^SIP\/2\.0 200 [^]*^CSeq *: *\d+ REGISTER/im, { since: mended });
      test.info().annotations.push({ type: what, description: `signalling is back ${at - mended} ms after the network` });
      expect.soft(at - mended, `${what}: signalling is back within ${BACK} ms of the network`).toBeLessThanOrEqual(slow(BACK));
      await acted;
      if (up) {
        await talk(alice, bob);
        await bob.hangUp();
      }
      await Promise.all([alice.isFree(), bob.isFree()]);
    });
  }
  await makeGoodCall(alice, bob);
});
