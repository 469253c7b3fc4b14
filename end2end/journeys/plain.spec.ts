/** A page and a plain phone (baresip) call each other through a real rtpengine: sound at 8, 16 and 48 kHz, measured at both ends. */

import { test as base, ALICE, BOB, CAROL, type Account } from '../fixtures/test.ts';
import { Baresip, type Setup } from '../peers/baresip.ts';
import { Rtpengine } from '../peers/rtpengine.ts';
import { freePort } from '../fixtures/ports.ts';

interface Fixtures {
  engine: Rtpengine;
  /** Where plain phones are served. */
  port: number;
  plain: (account: Account, setup: Omit<Setup, 'port'>) => Promise<Baresip>;
}

const test = base.extend<Fixtures>({
  engine: async ({}, use) => {
    const engine = await Rtpengine.start();
    await use(engine);
    await engine.stop();
  },
  port: async ({}, use) => await use(await freePort()),
  serve: async ({ engine, port }, use) => await use(['--sip-udp', `127.0.0.1:${port}`, '--sip-tcp', `127.0.0.1:${port}`, '--rtpengine', engine.address, '--relay-all']),
  plain: async ({ port, server: _ }, use) => {
    const phones: Baresip[] = [];
    await use(async (account, setup) => {
      const phone = await Baresip.start(account, { ...setup, port });
      phones.push(phone);
      return phone;
    });
    await Promise.all(phones.map(async (phone) => await phone.stop()));
  },
});

test('a page and a plain phone talk, hold and hand over, at each width of sound', async ({ phones, plain }) => {
  test.slow();
  const alice = await phones.open(ALICE);
  // Tones that a codec with fewer samples a second would not carry.
  const narrow = await plain(BOB, { transport: 'udp', codec: 'PCMU/8000/1', tone: 1_000 });
  await alice.dial(BOB.extension);
  await Promise.all([alice.inCall(), narrow.inCall()]);
  await Promise.all([alice.hears(narrow), narrow.hears(alice)]);
  await alice.hold();
  await Promise.all([alice.hearsNothing(), narrow.hearsNothing()]);
  await alice.resume();
  await Promise.all([alice.hears(narrow), narrow.hears(alice)]);
  await narrow.hangUp();
  await alice.says('They hung up.');
  await alice.isFree();
  await narrow.stop();

  const wide = await plain(BOB, { transport: 'tcp', codec: 'G722/16000/1', tone: 5_000 });
  await wide.dial(ALICE.extension);
  await alice.ringsFor(BOB);
  await alice.answer();
  await Promise.all([alice.hears(wide), wide.hears(alice)]);
  await wide.hold();
  await alice.isHeld(true);
  await Promise.all([alice.hearsNothing(), wide.hearsNothing()]);
  await wide.resume();
  await alice.isHeld(false);
  await Promise.all([alice.hears(wide), wide.hears(alice)]);

  // The phone hands the page over to another one, which has all of the sound that there is.
  const full = await plain(CAROL, { transport: 'udp', codec: 'opus/48000/2', tone: 10_000 });
  await wide.transfer(CAROL.extension);
  await full.inCall();
  await Promise.all([alice.hears(full), full.hears(alice)]);
  await wide.hasLostCall();
  // And the page hands it back; the tone of one is beyond what the other one's codec carries.
  await alice.transfer(BOB.extension);
  await wide.inCall();
  await full.hears(wide);
  await alice.isFree();
});

test('what a page and a plain phone have no codec in common for is converted, and goes on after a reload', async ({ phones, plain }) => {
  const [alice, bob] = await Promise.all([phones.open(ALICE), plain(BOB, { transport: 'udp', codec: 'GSM/8000/1', tone: 1_000 })]);
  await alice.dial(BOB.extension);
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  // And after a reload.
  await alice.page.reload();
  await alice.isReady();
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await alice.hangUp();
  await bob.hasLostCall();
  await alice.isFree();
  await bob.dial(ALICE.extension);
  await alice.ringsFor(BOB);
  await alice.answer();
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
});
