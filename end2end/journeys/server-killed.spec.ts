/** The server is killed and started again while people talk. Their sound does not pass through it, and their calls go on. */

import { agents, crowd } from '../fixtures/agents.ts';
import { test, expect, connect, neverSilent, HIGH, LOW } from '../fixtures/faults.ts';
import { slow } from '../fixtures/limits.ts';

/** How soon after the restart every call can be controlled, in milliseconds. */
const CONTROLLABLE = 2_000;
const AGENTS = 20;

test('kill -9 in calls: every one goes on, no sound is lost, and each can be controlled within 2 s', async ({ measured, server }) => {
  test.slow();
  const [alice, bob] = await measured.pair();
  for (const phone of [alice, bob]) phone.complaints.expect(/WebSocket|ERR_|status of 50\d/);
  const accounts = crowd(AGENTS);
  for (const account of accounts) await server.add(account);
  const phones = await agents(server, accounts);
  const callers = phones.filter((_, n) => n % 2 === 0);
  const callees = phones.filter((_, n) => n % 2 === 1);
  try {
    await Promise.all(callers.map((caller, n) => caller.call(callees[n] as never)));
    await connect(alice, bob);

    const since = Date.now();
    await server.kill();
    await Promise.all(phones.map((phone) => phone.isCutOff()));
    await server.restart();
    const restarted = Date.now();
    await test.step('the calls of the agents', async () => {
      await Promise.all(
        callers.map(async (caller, n) => {
          await caller.isBack();
          await caller.hold(true);
          const took = Date.now() - restarted;
          expect.soft(took, `${caller.account.name} holds within ${CONTROLLABLE} ms of the restart`).toBeLessThanOrEqual(slow(CONTROLLABLE));
          await callees[n]?.isBack();
          await caller.asks();
        }),
      );
      expect(phones.every(({ inCall }) => inCall), 'every call is up').toBe(true);
    });
    await test.step('the call of the browsers', async () => {
      await Promise.all([alice.isReady(35_000), bob.isReady(35_000)]);
      const took = Date.now() - restarted;
      test.info().annotations.push({ type: 'browsers', description: `ready ${took} ms after the restart` });
      expect.soft(took, `the browsers are ready within ${CONTROLLABLE} ms of the restart`).toBeLessThanOrEqual(slow(CONTROLLABLE));
      await Promise.all([alice.hears(bob), bob.hears(alice)]);
      await neverSilent(alice.page, HIGH, since, 'Alice');
      await neverSilent(bob.page, LOW, since, 'Bob');
      await alice.hangUp();
      await Promise.all([alice.isFree(), bob.isFree()]);
    });
    await Promise.all(callees.map((callee) => callee.hangUp()));
    expect(phones.some(({ inCall }) => inCall), 'every call is over').toBe(false);
  } finally {
    for (const phone of phones) phone.drop();
  }
});
