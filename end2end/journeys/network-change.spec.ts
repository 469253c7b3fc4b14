/**
 * The network changes under a call, in namespaces of Linux: the address is another one, the network is gone for a while
 * without a word, the cable is pulled. The call goes on: over the same connection by ICE restart (RFC 8445 9, RFC 8839 4.4.3), or,
 * where the browser does not know its new address yet, over one that does.
 */

import { silenceSince } from '../fixtures/recorder.ts';
import { test, expect, connect, ALICE, BOB, HIGH, LOW } from '../fixtures/faults.ts';
import { LOST, READDRESSED, UNPLUGGED } from '../fixtures/networks.ts';
import { slow } from '../fixtures/limits.ts';

/** How soon after the network is back both hear each other again, in milliseconds. */
const SOUND = 3_000;

test('the network changes in a call: sound is back within 3 s', async ({ outside }) => {
  test.slow();
  const [alice, bob] = await Promise.all([outside.open(ALICE, LOW), outside.open(BOB, HIGH)]);
  await connect(bob.phone, alice.phone);
  for (const change of [READDRESSED, UNPLUGGED, LOST]) {
    await test.step(change.what, async () => {
      const { what, happens } = change;
      const made = await alice.phone.peersMade();
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
      // Chromium on Linux tells its pages of an address only after two seconds, and goes on with a path only one second later.
      const more = change === READDRESSED ? 1 : 0;
      expect.soft((await alice.phone.peersMade()) - made, `${what}: connections that were made for it`).toBe(more);
      // That one looks at the network for itself.
      await expect.soft(alice.phone.page.locator('iframe')).toHaveCount(1);
    });
  }
  await alice.phone.hangUp();
  await Promise.all([alice.phone.isFree(), bob.phone.isFree()]);
});
