/** Calls that are handed over (RFC 5589), and who talks to whom then. */

import { connect, talk, type Person } from '../fixtures/person.ts';
import type { Stranger } from './stranger.ts';

/** The first, in a call with the second, hands them over to the third, whom nobody asks before. */
export async function blind(first: Stranger, second: Person, third: Person): Promise<void> {
  await connect(first, second);
  await first.transfer(third.account.extension);
  await third.ringsFor(second.account);
  await third.answer();
  await talk(second, third);
  await first.isFree();
  await end(second, third);
}

/** The first, in a call with the second, holds it, asks the third, and puts the two together. */
export async function attended(first: Stranger, second: Person, third: Person): Promise<void> {
  await connect(first, second);
  await first.hold();
  await connect(first, third);
  await second.hearsNothing();
  await first.handOver();
  await talk(second, third);
  await first.isFree();
  await end(second, third);
}

async function end(one: Person, other: Person): Promise<void> {
  await one.hangUp();
  await Promise.all([one.isFree(), other.isFree()]);
}
