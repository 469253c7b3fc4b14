/**
 * The network changes under a call, in namespaces of Linux: the address is another one, the network is gone for a while
 * without a word, the cable is pulled. The call goes on, over the same connection by ICE restart (RFC 8445 9, RFC 8839 4.4.3).
 */

import { silenceSince } from '../fixtures/recorder.ts';
import { test, expect, connect, ALICE, BOB, HIGH, LOW } from '../fixtures/faults.ts';
import { LOST, READDRESSED, UNPLUGGED } from '../fixtures/networks.ts';
import { slow } from '../fixtures/limits.ts';

/** How soon after the network is back both hear each other again, in milliseconds. */
const SOUND = 3_000;

test('the network changes in a call: sound is back within 3 s, over the same connection', async ({ outside }) => {
  test.slow();
  const [alice, bob] = await Promise.all([outside.open(ALICE, LOW), outside.open(BOB, HIGH)]);
  await connect(bob.phone, alice.phone);
  const made = await alice.phone.peersMade();
  for (const { what, happens } of [READDRESSED, UNPLUGGED, LOST]) {
    await test.step(what, async () => {
      const since = Date.now();
      const back = await happens(alice.place, alice.phone);
      const [here, there] = await Promise.all([
        silenceSince(alice.phone.page, HIGH, since, ALICE.name),
        silenceSince(bob.phone.page, LOW, since, BOB.name),
      ]);
      const sound = Math.round(Math.max(here.to, there.to) - back);
      test.info().annotations.push({ type: what, description: `sound both ways ${sound} ms after the network` });
      expect.soft(sound, `${what}: sound both ways within 3 s of the network`).toBeLessThanOrEqual(slow(SOUND));
      await Promise.all([alice.phone.isReady(20_000), alice.phone.inCall(), bob.phone.inCall()]);
    });
  }
  expect.soft(await alice.phone.peersMade(), 'it is the same connection').toBe(made);
  await alice.phone.hangUp();
  await Promise.all([alice.phone.isFree(), bob.phone.isFree()]);
});
