/** Every transfer that clients which are not ours can make, to every third: `npm run soak`; the journeys have some of them. */

import { test, ALICE, BOB, CAROL, HIGH, LOW, THIRD, type Library, type Maker } from '../peers/test.ts';
import { attended, blind } from '../peers/transfer.ts';

const LIBRARIES: readonly Library[] = ['JsSIP', 'SIP.js'];
const MAKERS: readonly Maker[] = ['JsSIP', 'SIP.js', 'Tabphone'];

for (const from of LIBRARIES) {
  for (const to of MAKERS) {
    test(`${from} hands ${to} over to everybody`, async ({ talker }) => {
      for (const third of MAKERS) {
        await test.step(third, async () => {
          const [one, two, three] = await Promise.all([talker(from, ALICE, LOW), talker(to, BOB, HIGH), talker(third, CAROL, THIRD)]);
          await blind(one, two, three);
          await attended(one, two, three);
          for (const { page } of [one, two, three]) await page.close();
        });
      }
    });
  }
}
