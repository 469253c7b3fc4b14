/** Every RFC 7118 client calls every other: the rows of the README's table that two can do. */

import { test, connect, talk, Stranger, ALICE, BOB, HIGH, LOW, type Maker } from '../peers/test.ts';

const MAKERS: readonly Maker[] = ['Tabphone', 'JsSIP', 'SIP.js'];
// Two of ours have journeys of their own.
const PAIRS = MAKERS.flatMap((caller) => MAKERS.map((callee) => [caller, callee] as const)).filter(
  ([caller, callee]) => caller !== 'Tabphone' || callee !== 'Tabphone',
);

for (const [from, to] of PAIRS) {
  const pair = `${from} → ${to}`;
  test(`${pair}: a call and its endings, hold, keys`, async ({ talker, proved }) => {
    test.slow();
    const [one, two] = await Promise.all([talker(from, ALICE, LOW), talker(to, BOB, HIGH)]);
    const works = (what: string) => proved(what, pair);

    await connect(one, two);
    works('call, answer, sound both ways');

    await one.hold();
    await two.isHeld(true);
    await Promise.all([one.hearsNothing(), two.hearsNothing()]);
    await one.resume();
    await two.isHeld(false);
    await talk(one, two);
    works('hold: silence; resume: sound again');

    if (one instanceof Stranger) {
      await one.sends('5', 'INFO');
      if (two instanceof Stranger) await two.noted('key by INFO: 5');
      else await two.says(/^They pressed\s+5$/);
      works('keys as INFO');
    }
    // Muted, or the microphone is louder than the keys.
    await one.mute();
    await two.hearsNothing();
    if (one instanceof Stranger) await one.sends('5555', 'RTP');
    else await one.keys('5555');
    await two.hearsKey('5');
    await one.unmute();
    works('keys as RTP events (RFC 4733)');
    await two.hears(one);

    await two.hangUp();
    await Promise.all([one.isFree(), two.isFree()]);
    works('the callee hangs up');

    await connect(one, two);
    await one.hangUp();
    await Promise.all([one.isFree(), two.isFree()]);
    works('the caller hangs up');

    await one.dial(two.account.extension);
    await two.ringsFor(one.account);
    await two.decline();
    await Promise.all([one.isFree(), two.isFree()]);
    if (one instanceof Stranger) await one.sawItEnd(/^Ended by remote/);
    works('decline');

    await one.dial(two.account.extension);
    await two.ringsFor(one.account);
    await one.cancel();
    await Promise.all([one.isFree(), two.isFree()]);
    if (two instanceof Stranger) await two.sawItEnd(/^Ended by remote: Canceled/);
    works('cancel');
  });
}
