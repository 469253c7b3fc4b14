/** A client whose connection is cut comes back, is called, and keeps the call that it was in. */

import { test as base, connect, talk, ALICE, BOB, HIGH, LOW, type Library } from '../peers/test.ts';
import { Cable } from '../fixtures/cable.ts';

const test = base.extend<{ cable: Cable }>({
  cable: async ({ server }, use) => {
    const cable = await Cable.to(server);
    await use(cable);
    await cable.remove();
  },
});

for (const library of ['JsSIP', 'SIP.js'] satisfies Library[]) {
  test(`${library}: a cut connection, and what becomes of its calls`, async ({ talker, stranger, cable, proved }) => {
    test.slow();
    const alice = await talker('Tabphone', ALICE, LOW);
    const bob = await stranger(library, BOB, { tone: HIGH, socket: cable.at('/sip', 'ws') });
    bob.complaints.expect(/WebSocket|[Tt]ransport|closed|disconnect/);
    const cut = async () => {
      cable.cut();
      await bob.isCutOff();
      cable.mend();
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
