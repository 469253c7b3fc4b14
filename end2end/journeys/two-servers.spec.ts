/** Two servers on one PostgreSQL behind one address: whichever one somebody comes to, and one of them may die. */

import { rm } from 'node:fs/promises';
import { Company, postgres } from '../fixtures/company.ts';
import { test, expect, connect, neverSilent, talk, ALICE, BOB, CAROL, HIGH, LOW, Server } from '../fixtures/faults.ts';
import { slow } from '../fixtures/limits.ts';

/** How soon after the death of the server that led everything is in hand again, in milliseconds. */
const IN_HAND = 2_000;

test.skip(postgres() === undefined, 'PostgreSQL is not installed');

test('a call moves to a page at the other server, and goes on when the server that led is killed', async ({ measured }) => {
  test.slow();
  const template = await Server.template([]);
  const company = await Company.open(template, [ALICE, BOB, CAROL]);
  try {
    const [first, bob] = await Promise.all([
      measured.open(ALICE, { tone: LOW, server: company.first }),
      measured.open(BOB, { tone: HIGH, server: company.address }),
    ]);
    const second = await measured.blank(ALICE, { tone: LOW, server: company.second });
    for (const phone of [first, bob, second]) phone.complaints.expect(/WebSocket|ERR_|status of 50\d/);
    await second.logIn();
    await connect(first, bob);
    await expect(second.callWith(BOB), 'what happens at one server is seen at the other').toContainText('Connected');
    await second.useHere();
    await second.press('Move the call here');
    await talk(second, bob);
    await expect(first.button('Use the phone here')).toBeVisible();
    await first.page.close();

    const since = Date.now();
    await company.first.kill();
    await expect.poll(() => company.second.output, 'the other server leads').toContain('this server leads');
    await Promise.all([second.isReady(35_000), bob.isReady(35_000)]);
    await second.hold();
    await bob.isHeld(true);
    const took = Date.now() - since;
    test.info().annotations.push({ type: 'in hand', description: `${took} ms after the server that led was killed` });
    // What ends with the hold is no gap.
    await neverSilent(second.page, HIGH, since, 'Alice');
    await neverSilent(bob.page, LOW, since, 'Bob');
    expect.soft(took, `the call is in hand within ${IN_HAND} ms`).toBeLessThanOrEqual(slow(IN_HAND));
    await second.resume();
    await talk(second, bob);
    await bob.hangUp();
    await Promise.all([second.isFree(), bob.isFree()]);
  } finally {
    await company.dispose();
    await rm(template, { recursive: true, force: true });
  }
});
