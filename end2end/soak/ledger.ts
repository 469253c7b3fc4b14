/**
 * What became of every trial, kept on disk and told as the table `test-results/line.md`, which grows until `measure.mjs`
 * begins a new one.
 */

import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname } from 'node:path';
import { quantile } from '../bench/numbers.ts';
import type { Maker } from '../peers/test.ts';

const TRIALS = 'test-results/line.jsonl';
const TABLE = 'test-results/line.md';
const MAKERS: readonly Maker[] = ['Tabphone', 'JsSIP', 'SIP.js'];

/** What became of a call. Times are in milliseconds. */
export type Outcome =
  /** It went on: so long until all was well again, and so long the far end heard nothing. */
  | { readonly went: 'on'; readonly after: number; readonly gap: number }
  /** It was over, and the far end was told. */
  | { readonly went: 'over'; readonly after: number }
  /** The far end hears nothing, and was told nothing as long as it was watched. */
  | { readonly went: 'silent'; readonly watched: number }
  /** It is still where it was. */
  | { readonly went: 'nowhere' }
  /** The journey itself could not go on. */
  | { readonly went: 'wrong'; readonly why: string };

export interface Trial {
  readonly fault: string;
  /** What `after` measures. */
  readonly measure: string;
  /** What was to become of the call. */
  readonly goal: Outcome['went'];
  readonly maker: Maker;
  readonly outcome: Outcome;
}

/** Keeps it, and writes the table anew. */
export function note(trial: Trial): void {
  mkdirSync(dirname(TRIALS), { recursive: true });
  appendFileSync(TRIALS, `${JSON.stringify(trial)}\n`);
  writeFileSync(TABLE, table(trials()));
}

function trials(): Trial[] {
  if (!existsSync(TRIALS)) return [];
  return readFileSync(TRIALS, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Trial);
}

function table(all: readonly Trial[]): string {
  const rows = [...new Set(all.map(({ fault }) => fault))].map((fault) => {
    const of = all.filter((trial) => trial.fault === fault);
    const cells = MAKERS.map((maker) => cell(of.filter((trial) => trial.maker === maker).map(({ outcome }) => outcome), of[0]?.goal ?? 'on'));
    return `| ${fault} | ${of[0]?.measure ?? ''} | ${cells.join(' | ')} |`;
  });
  return [
    `Load of the machine: ${loadavg()[0]?.toFixed(1)}. The times are median / 95th percentile / longest, in seconds; in brackets the`,
    '95th percentile of how long the far end heard nothing.',
    '',
    `| What happens | Until | ${MAKERS.join(' | ')} |`,
    `| --- | --- | ${MAKERS.map(() => '---').join(' | ')} |`,
    ...rows,
    '',
  ].join('\n');
}

function cell(outcomes: readonly Outcome[], goal: Outcome['went']): string {
  if (outcomes.length === 0) return '—';
  const on = outcomes.filter((outcome) => outcome.went === 'on');
  const over = outcomes.filter((outcome) => outcome.went === 'over');
  const silent = outcomes.filter((outcome) => outcome.went === 'silent');
  const nowhere = outcomes.filter((outcome) => outcome.went === 'nowhere').length;
  const wrong = outcomes.filter((outcome) => outcome.went === 'wrong').length;
  const told = [`${outcomes.filter(({ went }) => went === goal).length} of ${outcomes.length}`];
  if (on.length > 0) told.push(`${spread(on)} (${seconds(quantile(on.map(({ gap }) => gap), 0.95))})`);
  if (over.length > 0) told.push(goal === 'over' ? spread(over) : `${over.length} over, told after ${spread(over)}`);
  if (silent.length > 0) told.push(`${silent.length} lost: silence, no word of it in ${seconds(silent[0]?.watched ?? NaN)} s`);
  if (nowhere > 0) told.push(`${nowhere} stay where they are`);
  if (wrong > 0) told.push(`${wrong} went wrong`);
  return told.join('; ');
}

function spread(outcomes: readonly { readonly after: number }[]): string {
  return [0.5, 0.95, 1].map((part) => seconds(quantile(outcomes.map(({ after }) => after), part))).join(' / ');
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 0);
}
