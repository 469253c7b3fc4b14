/**
 * Candidates that follow a description (trickle ICE, RFC 8838, RFC 8840): two people whose networks have a way to the relay
 * only, and a relay that answers late. It leads from relay to relay, and takes nothing that its owner does not know of: there
 * is no sound unless each end is told the relay of the other.
 */

import type { Page } from '@playwright/test';
import { test as base, expect, talk, ALICE, BOB, HIGH, LOW, Phone } from '../fixtures/faults.ts';
import { ends, received, relays, sent } from '../fixtures/paths.ts';
import type { Account } from '../fixtures/test.ts';
import { Turn } from '../fixtures/turn.ts';

/** How long a relay is waited for, and in vain: longer than a description waits that may be followed, milliseconds. */
const LATE = 250;

/** A phone, and what it says. */
interface Party {
  readonly phone: Phone;
  /** The SIP that it sent. */
  readonly said: readonly string[];
  /** The SIP that came. */
  readonly heard: readonly string[];
}

interface Fixtures {
  turn: Turn;
  party: (account: Account, tone: number, before?: (page: Page) => Promise<unknown>) => Promise<Party>;
}

const test = base.extend<Fixtures>({
  apart: true,
  turn: async ({ world }, use) => {
    const turn = await Turn.start(world.relay);
    await use(turn);
    await turn.stop();
  },
  serve: async ({ turn }, use) => await use(['--turn-server', turn.url, '--turn-secret-file', turn.secretFile]),
  party: async ({ outside }, use) => {
    await use(async (account, tone, before) => {
      const { blank } = await outside.settle(tone);
      const page = await blank();
      const [said, heard] = [sent(page), received(page)];
      await before?.(page);
      const phone = new Phone(page, outside.address, account, tone);
      await phone.logIn();
      await phone.isReady();
      return { phone, said, heard };
    });
  },
});

const invites = ({ said }: Party): string[] => said.filter((message) => message.startsWith('INVITE '));
/** The descriptions of our own that answered an INVITE. */
const answers = ({ said }: Party): string[] => said.filter((message) => /^SIP\/2\.0 200 .*^CSeq: \d+ INVITE\r$.*^v=0\r$/ms.test(message));
/** What followed. */
const fragments = (messages: readonly string[]): string[] =>
  messages.filter((message) => message.startsWith('INFO ') && /^Content-Type: application\/trickle-ice-sdpfrag\r$/im.test(message));

/** The relay that followed, once it did. */
async function followed(party: Party): Promise<string> {
  await expect.poll(() => fragments(party.said).flatMap(relays), { message: `the relay of ${party.phone.account.name} follows` }).not.toEqual([]);
  return fragments(party.said).flatMap(relays)[0] ?? '';
}

/** Sound goes both ways between these relays. */
async function leads([one, ours]: readonly [Party, string | undefined], [other, theirs]: readonly [Party, string | undefined]): Promise<void> {
  await talk(one.phone, other.phone);
  const [here, there] = [ours, theirs].map((place) => ({ kind: 'relay', place }));
  expect(await ends(one.phone)).toEqual([here, there]);
  expect(await ends(other.phone)).toEqual([there, here]);
}

test('the relays that answer in the call follow, and sound takes the way between them', async ({ party, turn }) => {
  turn.freeze(true);
  const [alice, bob] = await Promise.all([party(ALICE, LOW), party(BOB, HIGH)]);
  await alice.phone.dial(BOB.extension);
  await bob.phone.ringsFor(ALICE);
  await bob.phone.answer();
  await Promise.all([alice.phone.inCall(), bob.phone.inCall()]);
  expect(invites(alice).map(relays)).toEqual([[]]);
  expect(answers(bob).map(relays)).toEqual([[]]);
  await Promise.all([alice.phone.hearsNothing(), bob.phone.hearsNothing()]);

  turn.freeze(false);
  const [hers, his] = await Promise.all([followed(alice), followed(bob)]);
  await leads([alice, hers], [bob, his]);
  expect([...invites(alice), ...invites(bob)], 'nobody offers anything anew').toHaveLength(1);
  await alice.phone.hangUp();
  await Promise.all([alice.phone.isFree(), bob.phone.isFree()]);
});

test('the relay that answers while it rings follows before the answer', async ({ party, turn }) => {
  turn.freeze(true);
  const [alice, bob] = await Promise.all([party(ALICE, LOW), party(BOB, HIGH)]);
  await alice.phone.dial(BOB.extension);
  await bob.phone.ringsFor(ALICE);
  expect(invites(alice).map(relays)).toEqual([[]]);

  turn.freeze(false);
  const hers = await followed(alice);
  await expect.poll(() => fragments(bob.heard).flatMap(relays), { message: 'who is called is told' }).toContain(hers);
  await bob.phone.ringsFor(ALICE);
  await bob.phone.answer();
  await bob.phone.inCall();
  await expect.poll(() => bob.said.flatMap(relays)).not.toEqual([]);
  const [his] = bob.said.flatMap(relays);
  await leads([alice, hers], [bob, his]);
  await bob.phone.hangUp();
  await Promise.all([alice.phone.isFree(), bob.phone.isFree()]);
});

test('where nothing may follow, descriptions wait for the relay, and nothing does', async ({ party, outside, turn }) => {
  await outside.server.command('policy', 'set', '--trickle', 'off');
  const [alice, bob] = await Promise.all([party(ALICE, LOW, taciturn), party(BOB, HIGH, taciturn)]);
  /** The relay takes its time for this one, who says nothing meanwhile. */
  const waits = async (one: Party, says: () => string[], act: Promise<unknown>) => {
    await act;
    await expect.poll(() => one.phone.page.evaluate(() => window.probe.descriptions), { intervals: [10] }).toBe(1);
    await one.phone.page.waitForTimeout(LATE);
    expect(says(), `${one.phone.account.name} waits`).toEqual([]);
    turn.freeze(false);
  };
  turn.freeze(true);
  await waits(alice, () => invites(alice), alice.phone.dial(BOB.extension));
  await bob.phone.ringsFor(ALICE);
  turn.freeze(true);
  await waits(bob, () => answers(bob), bob.phone.answer());

  await expect.poll(() => answers(bob).length).toBe(1);
  const [[hers], [his]] = [invites(alice).flatMap(relays), answers(bob).flatMap(relays)];
  await leads([alice, hers], [bob, his]);
  expect([...fragments(alice.said), ...fragments(bob.said)]).toEqual([]);
  await alice.phone.hangUp();
  await Promise.all([alice.phone.isFree(), bob.phone.isFree()]);
});

/** Makes of this a browser that tells nothing of permissions: its phone keeps no connection ready, and asks relays in the call only. */
async function taciturn(page: Page): Promise<void> {
  await page.addInitScript(() => {
    Permissions.prototype.query = () => Promise.reject(new TypeError());
  });
}
