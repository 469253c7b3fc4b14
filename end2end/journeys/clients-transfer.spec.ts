/** Transfers by clients that are not ours; the third is each of them in turn. All of them: `soak`. */

import { test, ALICE, BOB, CAROL, HIGH, LOW, THIRD, type Library, type Maker } from '../peers/test.ts';
import { attended, blind } from '../peers/transfer.ts';

const THREES: readonly (readonly [Library, Maker, Maker])[] = [
  ['JsSIP', 'JsSIP', 'Tabphone'],
  ['JsSIP', 'SIP.js', 'JsSIP'],
  ['SIP.js', 'JsSIP', 'SIP.js'],
  ['SIP.js', 'SIP.js', 'Tabphone'],
  ['JsSIP', 'Tabphone', 'SIP.js'],
  ['SIP.js', 'Tabphone', 'JsSIP'],
];

for (const [from, to, third] of THREES) {
  test(`${from} hands ${to} over to ${third}`, async ({ talker, proved }) => {
    test.slow();
    const [one, two, three] = await Promise.all([talker(from, ALICE, LOW), talker(to, BOB, HIGH), talker(third, CAROL, THIRD)]);
    await blind(one, two, three);
    proved(`blind transfer, to ${third}`, `${from} → ${to}`);
    await attended(one, two, three);
    proved(`attended transfer, to ${third}`, `${from} → ${to}`);
  });
}
