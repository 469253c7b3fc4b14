/** A client whose connection is cut comes back, is called, and keeps the call that it was in. */

import { test, connect, talk, ALICE, BOB, HIGH, LOW, type Library } from '../fixtures/faults.ts';

for (const library of ['JsSIP', 'SIP.js'] satisfies Library[]) {
  test(`${library}: a cut connection, and what becomes of its calls`, async ({ talker, stranger, chaos, proved }) => {
    test.slow();
    const alice = await talker('Tabphone', ALICE, LOW);
    const bob = await stranger(library, BOB, { tone: HIGH, socket: chaos.at('/sip', 'ws') });
    bob.complaints.expect(/WebSocket|[Tt]ransport|closed|disconnect/);
    const cut = async () => {
      chaos.cut();
      await bob.isCutOff();
      chaos.mend();
      await bob.isReady(20_000);
    };

    await connect(alice, bob);
    await cut();
    await talk(alice, bob);
    await bob.hangUp();
    await Promise.all([alice.isFree(), bob.isFree()]);
    proved('a call outlives a cut: it ends it', `${library} → Tabphone`);

    await connect(bob, alice);
    await cut();
    await talk(alice, bob);
    await alice.hangUp();
    await Promise.all([alice.isFree(), bob.isFree()]);
    proved('a call outlives a cut: the other ends it', `${library} → Tabphone`);

    await cut();
    await connect(alice, bob);
    await alice.hangUp();
    await Promise.all([alice.isFree(), bob.isFree()]);
    proved('registers again after a cut, and is called', `${library} → Tabphone`);
  });
}
