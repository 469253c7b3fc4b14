/** Messages between clients that are not ours. */

import { test, ALICE, BOB, CAROL, DORA, LOW, type Library } from '../peers/test.ts';

const LIBRARIES: readonly Library[] = ['JsSIP', 'SIP.js'];

test('messages go both ways between JsSIP and SIP.js', async ({ stranger, proved }) => {
  const opening = { tone: LOW };
  const senders = { JsSIP: await stranger('JsSIP', ALICE, opening), 'SIP.js': await stranger('SIP.js', BOB, opening) };
  const readers = { JsSIP: await stranger('JsSIP', CAROL, opening), 'SIP.js': await stranger('SIP.js', DORA, opening) };
  for (const from of LIBRARIES) {
    for (const to of LIBRARIES) {
      const [sender, reader] = [senders[from], readers[to]];
      await sender.message(reader.account.extension, `from ${from}: ¿qué?`);
      await reader.noted(`message from ${sender.account.extension}: from ${from}: ¿qué?`);
      await sender.noted('message sent: 200');
      proved('message', `${from} → ${to}`);
    }
  }
});
