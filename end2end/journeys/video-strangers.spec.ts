import { test, expect, talk, ALICE, CAROL, HIGH, LOW } from '../peers/test.ts';

for (const library of ['JsSIP', 'SIP.js'] as const) {
  test(`video calls with ${library}, either way, and with one of its pages that has sound alone`, async ({ phones, stranger }) => {
    const [alice, carol] = await Promise.all([phones.open(ALICE, { tone: LOW, colour: 'red' }), stranger(library, CAROL, { tone: HIGH, colour: 'blue' })]);

    await carol.dial(ALICE.extension);
    await alice.says('Video call');
    await alice.press('Answer with video');
    await Promise.all([alice.sees('blue'), carol.sees('red'), talk(alice, carol)]);
    await carol.hangUp();
    await alice.isFree();
    await alice.hasReleasedCamera();

    await alice.dialWithVideo(CAROL.extension);
    await carol.answer();
    await Promise.all([alice.sees('blue'), carol.sees('red'), talk(alice, carol)]);
    // Our camera goes off and on in the call, without a word from them.
    await alice.press('Stop camera');
    await alice.hasReleasedCamera();
    await alice.press('Start camera');
    await carol.sees('red');
    // They hold, and take us back.
    await carol.hold();
    await alice.says('They put you on hold');
    await carol.resume();
    await Promise.all([alice.sees('blue'), carol.sees('red'), talk(alice, carol)]);
    // This page is loaded anew: the session goes on with the same sections.
    await alice.page.reload();
    await Promise.all([alice.sees('blue'), carol.sees('red'), talk(alice, carol)]);
    await alice.hangUp();
    await alice.isFree();
    await carol.leaves();

    // Sound alone: the call is one of voices.
    const audio = await stranger(library, CAROL, { tone: HIGH });
    await alice.dialWithVideo(CAROL.extension);
    await audio.answer();
    await talk(alice, audio);
    await alice.seesNothing();
    await alice.hangUp();
    await alice.isFree();

    if (library !== 'JsSIP') return;
    // A phone that refuses the section of the picture: the call goes on, and says why nobody sees us.
    await audio.page.evaluate(() => {
      window.blind = true;
    });
    await alice.dialWithVideo(CAROL.extension);
    await audio.answer();
    await alice.says('They take no video. The call goes on with your voice.');
    await alice.hasReleasedCamera();
    await talk(alice, audio);
    // Once more, in the same place.
    await alice.press('Start camera');
    await expect(alice.button('Start camera')).toBeVisible();
    await alice.says('They take no video. The call goes on with your voice.');
    await talk(alice, audio);
    await alice.hangUp();
    await alice.isFree();
  });
}
