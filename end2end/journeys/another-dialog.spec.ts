/**
 * A far end that takes no new connection in the dialog there is, as PBXs do: it answers a re-INVITE, and goes on as before.
 * An INVITE with Replaces of that dialog (RFC 3891) brings the sound back, and the call is the same one to who has it.
 */

import type { Page } from '@playwright/test';
import { test, expect, connect, talk, ALICE, CAROL, HIGH, LOW } from '../fixtures/faults.ts';

/** From now on, connections of this page that are up keep to what they agreed on first. */
async function isObstinate(page: Page): Promise<void> {
  await page.evaluate(() => {
    type Peer = RTCPeerConnection;
    const native = RTCPeerConnection.prototype;
    const remote = native.setRemoteDescription as (this: Peer, description: RTCSessionDescriptionInit) => Promise<void>;
    const local = native.setLocalDescription as (this: Peer, description?: RTCLocalSessionDescriptionInit) => Promise<void>;
    const answer = native.createAnswer as (this: Peer) => Promise<RTCSessionDescriptionInit>;
    const settled = (peer: Peer) => peer.currentRemoteDescription !== null;
    Object.assign(native, {
      async setRemoteDescription(this: Peer, description: RTCSessionDescriptionInit) {
        if (!settled(this)) await remote.call(this, description);
      },
      async setLocalDescription(this: Peer, description?: RTCLocalSessionDescriptionInit) {
        if (!settled(this)) await local.call(this, description);
      },
      async createAnswer(this: Peer) {
        return settled(this) ? this.currentLocalDescription : await answer.call(this);
      },
    });
  });
}

test('a far end that takes a new connection only in another dialog is heard again after a reload', async ({ phones, stranger }) => {
  test.slow();
  const [alice, carol] = await Promise.all([phones.open(ALICE, { tone: LOW }), stranger('JsSIP', CAROL, { tone: HIGH })]);
  await connect(alice, carol);
  await alice.mute();
  await isObstinate(carol.page);
  for (const how of ['for the first time', 'and again']) {
    await test.step(how, async () => {
      await alice.page.reload();
      await alice.hears(carol);
      await expect(alice.callWith(CAROL), 'there is one call').toHaveCount(1);
      await expect(alice.button('Unmute'), 'and it is as it was').toBeVisible();
      await expect(alice.button('Hang up')).toHaveCount(1);
      await expect(carol.button('Hang up'), 'also at the far end').toHaveCount(1);
    });
  }
  await alice.unmute();
  await talk(alice, carol);
  await carol.hangUp();
  await alice.says('They hung up.');
  await alice.isFree();
});
