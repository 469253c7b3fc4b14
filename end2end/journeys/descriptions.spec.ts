import { test, expect, makeGoodCall, ALICE, CAROL, LOW } from '../fixtures/test.ts';
import { header } from '../fixtures/sip.ts';
import { Caller, sdp, webrtc, type Content } from '../peers/caller.ts';

/** What a phone offers that knows nothing of browsers. */
const PLAIN = sdp('m=audio 4000 RTP/AVP 8 0', 'a=sendrecv');

/** The same with a picture that no browser can take. */
const PICTURE = { ...webrtc('actpass'), body: `${webrtc('actpass').body}m=video 5000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n` };

function mixed(...parts: readonly Content[]): Content {
  const body = parts.map(({ type, body }) => `--part\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`).join('');
  return { type: 'multipart/mixed;boundary=part', body: `${body}--part--\r\n` };
}

test('an offer that no browser can take does not ring, and both ends learn what is missing', async ({ phones, server }) => {
  const [alice, bob] = await phones.pair();
  const caller = await Caller.open(server, CAROL, ALICE);
  await caller.invite(PLAIN);
  const refusal = await caller.receives(488);
  expect(header(refusal, 'Warning')).toMatch(/^399 \S+ "plain RTP instead of DTLS-SRTP; no ICE \(ice-ufrag, ice-pwd\); no rtcp-mux"$/);
  expect(caller.unread, 'it did not ring').not.toContain(180);
  caller.acknowledge(refusal);

  await alice.reads('They called with sound that no browser can take, so it did not ring.');
  await alice.doesNotSay('webrtc=yes');
  await alice.page.getByText('What an administrator can do').click();
  await alice.says('plain RTP instead of DTLS-SRTP');
  await alice.says('webrtc=yes');
  await alice.isFree();
  caller.drop();
  await makeGoodCall(bob, alice);
});

test('offers of other makers are answered, each as it wants it', async ({ phones, server }) => {
  const alice = await phones.open(ALICE, { tone: LOW });
  // Who insists on a DTLS role gets the other one, or neither end begins, or both do.
  for (const [what, offer, role] of [
    ['it takes the active role', webrtc('active'), 'passive'],
    ['it takes the passive role', webrtc('passive'), 'active'],
    ['it stands among other parts', mixed({ type: 'text/plain', body: 'Hello' }, webrtc('actpass')), 'active'],
    ['it has a picture that no browser can take', PICTURE, 'active'],
  ] as const) {
    await test.step(what, async () => {
      const caller = await Caller.open(server, CAROL, ALICE);
      await caller.invite(offer);
      await caller.receives(180);
      await alice.ringsFor(CAROL);
      await alice.answer();
      const answer = await caller.receives(200);
      caller.acknowledge(answer);
      expect(header(answer, 'Content-Type')).toBe('application/sdp');
      expect(answer).toMatch(new RegExp(`^a=setup:${role}\\r$`, 'm'));
      expect(answer).toMatch(/^m=audio \d+ UDP\/TLS\/RTP\/SAVPF 111 8 0 126\r$/m);
      const sections = (text: string) => text.match(/^m=\w+/gm);
      if (offer.type === 'application/sdp') expect(sections(answer), 'the sections of the offer').toEqual(sections(offer.body));
      await alice.hangUp();
      await alice.isFree();
      caller.drop();
    });
  }
});
