/** A page of somebody whose phone is at the company's Kamailio, and phones in browsers that are registered there themselves. */

import { test as base, expect, connect, talk, HIGH, LOW, THIRD, type Library, type Stranger } from '../peers/test.ts';
import type { Account } from '../fixtures/server.ts';
import { DOMAIN, Kamailio, PASSWORD } from '../peers/kamailio.ts';
import { attended } from '../peers/transfer.ts';

interface Fixtures {
  kamailio: Kamailio;
  /** A phone that is not ours, registered at Kamailio itself. */
  there: (library: Library, account: Account, tone: number) => Promise<Stranger>;
}

/** Somebody whom only Kamailio knows: here they are called by their number. */
const person = (extension: string, name = extension): Account => ({ extension, name, password: PASSWORD });
const ALICE = person('2001');
const CAROL = person('2003', 'Carol Chen');
const DORA = person('2004', 'Dora Dale');

const test = base.extend<Fixtures>({
  kamailio: async ({}, use) => {
    const kamailio = await Kamailio.start();
    await use(kamailio);
    await kamailio.stop();
  },
  serve: async ({ kamailio }, use) => await use(['--pbx', kamailio.option]),
  there: async ({ kamailio, stranger }, use) => {
    await use(async (library, account, tone) => await stranger(library, account, { tone, socket: kamailio.socket, domain: DOMAIN }));
  },
});

test('calls both ways, hold, keys, handing over, cancel and decline', async ({ phones, there }) => {
  test.slow();
  const [alice, carol, dora] = await Promise.all([
    phones.open(ALICE, { tone: LOW }),
    there('JsSIP', CAROL, HIGH),
    there('SIP.js', DORA, THIRD),
  ]);
  await connect(alice, carol);
  await alice.hold();
  await carol.isHeld(true);
  await carol.hearsNothing();
  await alice.resume();
  await talk(alice, carol);
  await alice.mute();
  await carol.hearsNothing();
  await alice.keys('5555');
  await carol.hearsKey('5');
  await alice.unmute();
  await carol.hold();
  await alice.hearsNothing();
  await carol.resume();
  await talk(alice, carol);
  await carol.hangUp();
  await alice.says('They hung up.');
  await alice.isFree();

  await connect(carol, alice);
  await alice.transfer(DORA.extension);
  await dora.ringsFor(CAROL);
  await dora.answer();
  await talk(carol, dora);
  await alice.isFree();
  await dora.hangUp();
  await carol.isFree();
  await attended(carol, alice, dora);

  await carol.dial(ALICE.extension);
  await expect(alice.button('Answer')).toBeVisible();
  await carol.cancel();
  await alice.says('Missed call: they hung up before you answered.');
  await alice.isFree();
  await alice.dial(CAROL.extension);
  await carol.decline();
  await alice.says('They declined the call.');
  await alice.isFree();
});

test('a call outlives a reload, another tab and a server that is killed, and Kamailio knows of nothing', async ({ phones, there, kamailio, server }) => {
  test.slow();
  const [alice, carol] = await Promise.all([phones.open(ALICE, { tone: LOW }), there('JsSIP', CAROL, HIGH)]);
  await connect(carol, alice);
  const before = await kamailio.locations();
  await alice.page.reload();
  await talk(alice, carol);
  const second = await phones.blank(ALICE, { tone: LOW });
  await second.logIn();
  await second.useHere();
  await second.press('Move the call here');
  await talk(second, carol);
  await second.hold();
  await carol.isHeld(true);
  await second.resume();
  await talk(second, carol);
  expect(await kamailio.locations(), 'the same phone over the same connection').toEqual(before);

  for (const { complaints } of [alice, second]) complaints.expect(/WebSocket connection to .* failed|ERR_CONNECTION_REFUSED/);
  await server.kill();
  await server.restart();
  await second.isReady();
  await talk(second, carol);
  expect((await kamailio.locations())[ALICE.extension], 'it took the place of itself').toHaveLength(1);
  await carol.hangUp();
  await second.isFree();
});
