/** What became of a call after something happened to one of its ends. */

import type { Page } from '@playwright/test';
import type { Person } from '../fixtures/person.ts';
import { heard, longestSilence, runsOf, type Run } from '../fixtures/recorder.ts';
import type { Outcome } from './ledger.ts';

/** How long is watched for a call to go on, unless told, in milliseconds. */
export const WATCHED = 60_000;
/** Who was heard this lately is heard, in milliseconds. */
const LATELY = 1_000;

/** When it happened, and from when on it can be well again; milliseconds since the epoch. */
export interface Happened {
  readonly at: number;
  readonly from: number;
  /** Whether the page of who it happened to is another one since then. */
  readonly anew: boolean;
  /** For how long it is watched. */
  readonly watched?: number;
}

/** Watches until both hear each other again, or the far end is told that it is over, or the time is up. */
export async function soundOf(one: Person, other: Person, { at, from, anew, watched = WATCHED }: Happened): Promise<Outcome> {
  const until = from + watched;
  for (;;) {
    const [here, there] = await Promise.all([runs(one.page, other.tone), runs(other.page, one.tone)]);
    const back = backAt(here, { at, from, anew });
    const silence = longestSilence(there, at);
    if (back !== undefined && silence !== undefined && heard(there, back) !== undefined) {
      return { went: 'on', after: Math.round(Math.max(back, silence.to, from) - from), gap: Math.round(silence.length) };
    }
    if ((await stands(other.page)) === 'over') return { went: 'over', after: Date.now() - at };
    if (Date.now() > until) {
      const last = there.at(-1)?.[1] ?? 0;
      return Date.now() - last < LATELY ? { went: 'nowhere' } : { went: 'silent', watched };
    }
    await new Promise((next) => setTimeout(next, 100));
  }
}

/** When the other is heard again; in a page that is the same as before: after it was silent. */
function backAt(here: readonly Run[], { at, from, anew }: Happened): number | undefined {
  if (anew) return heard(here, from);
  const silence = longestSilence(here, at);
  return silence === undefined ? undefined : heard(here, Math.max(from, silence.to));
}

/** How long a call may take to be as it should be, in milliseconds. */
const SETTLES = 30_000;

/** Watches until a call that was being made, described anew or ended is as it should be: up, with sound, or over. */
export async function callOf(one: Person, other: Person, up: boolean, since: number): Promise<Outcome> {
  let over: number | undefined;
  for (;;) {
    const [here, there] = await Promise.all([stands(one.page), stands(other.page)]);
    over = there === 'over' ? (over ?? Date.now()) : undefined;
    if (up && here === 'up' && there === 'up') {
      const [hear, heardThere] = await Promise.all([runs(one.page, other.tone), runs(other.page, one.tone)]);
      const times = [heard(hear, since), heard(heardThere, since)];
      if (times.every((at) => at !== undefined)) return { went: 'on', after: Math.round(Math.max(...times) - since), gap: 0 };
    }
    if (!up && here === 'over' && there === 'over') return { went: 'on', after: Date.now() - since, gap: 0 };
    if (Date.now() > since + SETTLES) {
      return over === undefined ? { went: 'silent', watched: SETTLES } : { went: 'over', after: Math.max(0, over - since) };
    }
    await new Promise((next) => setTimeout(next, 50));
  }
}

/** Where the page's call stands, by what can be done with it. */
async function stands(page: Page): Promise<'up' | 'over' | 'between' | 'away'> {
  return await page
    .evaluate(() => {
      const names = [...document.querySelectorAll('button')].map(({ textContent }) => textContent?.trim());
      if (names.includes('Hang up')) return 'up';
      return names.includes('Answer') || names.includes('Cancel') ? 'between' : 'over';
    })
    .catch(() => 'away');
}

/** Nothing is heard in a page that is being loaded. */
async function runs(page: Page, tone: number): Promise<Run[]> {
  return await runsOf(page, tone).catch(() => []);
}
