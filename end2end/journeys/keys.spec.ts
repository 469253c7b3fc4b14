/** Keys in a call: as events of RTP where the far end takes them, else by INFO; each once, and in order. */

import { test, expect, connect, ALICE, CAROL, HIGH, LOW, talk } from '../peers/test.ts';

test('keys are pressed and typed, and heard at the far end, but not while it is on hold', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await connect(alice, bob);
  await alice.mute();
  await bob.hearsNothing();
  await alice.keys('1111');
  await bob.hearsKey('1');
  await alice.press('Keypad');
  const keypad = alice.page.getByRole('group', { name: 'Keypad' });
  await alice.page.keyboard.type('####', { delay: 60 });
  await bob.hearsKey('#');
  await expect(keypad).toContainText('####');
  await expect(alice.page.getByLabel('Number or name to call'), 'it was no number to call').toHaveValue('');

  await alice.unmute();
  await bob.hears(alice);
  await alice.hold();
  await expect(keypad.getByRole('button', { name: '5', exact: true })).toBeDisabled();
  await alice.resume();
  await talk(alice, bob);
  await alice.page.keyboard.press('Escape');
  await expect(keypad).toHaveCount(0);
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

test('a far end without telephone-event gets each key once by INFO, in order', async ({ phones, stranger }) => {
  const [alice, carol] = await Promise.all([phones.open(ALICE, { tone: LOW }), stranger('JsSIP', CAROL, { tone: HIGH })]);
  await carol.page.evaluate(() => {
    const native = RTCPeerConnection.prototype.setLocalDescription;
    // What it says of itself has no events.
    RTCPeerConnection.prototype.setLocalDescription = async function (this: RTCPeerConnection, description?: RTCLocalSessionDescriptionInit) {
      const events = [...(description?.sdp ?? '').matchAll(/^a=rtpmap:(\d+) telephone-event.*\r\n/gm)].map(([, format]) => format);
      const sdp = (description?.sdp ?? '')
        .split('\r\n')
        .filter((line) => !events.some((format) => new RegExp(`^a=(rtpmap|fmtp|rtcp-fb):${format} `).test(line)))
        .map((line) => (line.startsWith('m=audio') ? line.split(' ').filter((word, at) => at < 3 || !events.includes(word)).join(' ') : line))
        .join('\r\n');
      return await (native as (this: RTCPeerConnection, description: unknown) => Promise<void>).call(this, { ...description, sdp });
    } as typeof native;
  });
  await connect(carol, alice);
  await alice.keys('31#9');
  await expect.poll(async () => (await carol.notes('key by INFO')).map((note) => note.at(-1)).join('')).toBe('31#9');
  await carol.sends('7', 'INFO');
  await alice.says(/^They pressed\s+7$/);
  await alice.hangUp();
  await carol.isFree();
});
