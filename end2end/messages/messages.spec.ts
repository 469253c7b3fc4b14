import { test as base, expect, type Page } from '@playwright/test';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { quantile } from '../bench/numbers.ts';
import { launch } from '../fixtures/browser.ts';
import type { Invite } from './engine.ts';
import { Site } from './site.ts';
import type { Times } from './stopwatch.ts';

const CORPUS = fileURLToPath(new URL('../../app/sip/bench/corpus/', import.meta.url));
const MESSAGES = ['register', 'register-200', 'invite', '180', 'invite-200', 'ack', 'bye', 'message'] as const;
const WASM = process.env['WASM'] ?? '';
const TABLE = process.env['TABLE'] ?? 'test-results/messages.md';
const COLD_RUNS = 11;

/** Ours in two builds, and then the others. The first is what all are compared with. */
const BUILDS = ['z', '3'] as const;
const ENGINES = [...BUILDS, 'jssip', 'sipjs'] as const;
const NAMES = { z: 'sip, opt-level z (ships)', '3': 'sip, opt-level 3', jssip: 'JsSIP', sipjs: 'SIP.js' };

type Stopwatch = typeof import('./stopwatch.ts');
type Row = readonly [string, ...string[]];

const test = base.extend<{ site: Site; open: () => Promise<Page> }>({
  site: async ({}, use) => {
    const site = await Site.start(WASM, BUILDS);
    await use(site);
    await site.stop();
  },
  open: async ({ site }, use) => {
    const sounding = await launch({ tone: 440 });
    await use(async () => {
      const page = await (await sounding.browser.newContext()).newPage();
      await page.goto(site.origin);
      return page;
    });
    await sounding.close();
  },
});

test('messages in a browser', async ({ open, site }) => {
  const page = await open();
  const rows: Row[] = [];
  for (const name of MESSAGES) {
    const text = await message(name);
    await agree(page, text);
    const what = `parse and read ${name} (${Buffer.byteLength(text)} bytes), µs`;
    rows.push([what, ...warm(await inPage(page, 'reading', ENGINES, text))]);
  }
  const invite = await pieces();
  await agreeOnWriting(page, invite);
  rows.push(['build and write an INVITE, µs', ...warm(await inPage(page, 'writing', ENGINES, invite))]);
  rows.push(...(await cold(open)));
  rows.push(['size, minified, in brotli, kB', ...ENGINES.map((name) => (size(site, name) / 1000).toFixed(1))]);

  const head: Row = ['', ...ENGINES.map((name) => NAMES[name])];
  const table = [head, ['---', ...ENGINES.map(() => '---:')], ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
  const caption = `Measured with \`make bench-messages\` in Chromium ${page.context().browser()?.version()}: medians, and how many times that of what ships.`;
  await mkdir(dirname(TABLE), { recursive: true });
  await writeFile(TABLE, `${caption}\n\n${table}\n`);
});

/** Calls a function of the stopwatch in the page. */
async function inPage<Name extends keyof Stopwatch>(
  page: Page,
  name: Name,
  ...args: Parameters<Stopwatch[Name]>
): Promise<Awaited<ReturnType<Stopwatch[Name]>>> {
  const file = '/stopwatch.js';
  return (await page.evaluate(
    async ([module, key, values]) => (await import(module))[key](...values),
    [file, name, args as unknown[]] as const,
  )) as Awaited<ReturnType<Stopwatch[Name]>>;
}

/** Without that all read the same, it is no comparison. */
async function agree(page: Page, text: string): Promise<void> {
  const ours = await inPage(page, 'seen', BUILDS[0], text);
  expect(ours).toBeDefined();
  for (const name of ENGINES) expect(lower(await inPage(page, 'seen', name, text)), name).toEqual(ours);
}

/** What they write is not the same, but says the same, and is about as long. */
async function agreeOnWriting(page: Page, invite: Invite): Promise<void> {
  const ours = await inPage(page, 'written', BUILDS[0], invite);
  for (const name of ENGINES) {
    const theirs = await inPage(page, 'written', name, invite);
    expect(await inPage(page, 'seen', BUILDS[0], theirs), name).toEqual(await inPage(page, 'seen', BUILDS[0], ours));
    expect(Math.abs(theirs.length - ours.length), `${name} writes\n${theirs}`).toBeLessThan(100);
  }
}

/** What our binding says is in lower case already. */
function lower(seen: object | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(seen ?? {}).map(([field, value]) => [field, String(value).toLowerCase()]));
}

function warm(times: Times): string[] {
  return cells(ENGINES.map((name) => times[name] ?? []));
}

/** In new pages: from the import of an engine until it can parse, and its first parse. */
async function cold(open: () => Promise<Page>): Promise<Row[]> {
  const text = await message('invite');
  const [load, first] = [ENGINES.map((): number[] => []), ENGINES.map((): number[] => [])];
  for (let run = 0; run < COLD_RUNS; run += 1) {
    for (const [n, name] of ENGINES.entries()) {
      const page = await open();
      const found = await inPage(page, 'cold', name, text);
      load[n]?.push(found.load);
      first[n]?.push(found.first);
      await page.context().close();
    }
  }
  return [
    ['load from the same machine, cold, ms', ...cells(load)],
    ['the first parse, of the INVITE, ms', ...cells(first)],
  ];
}

function cells(values: readonly (readonly number[])[]): string[] {
  const medians = values.map((all) => quantile(all, 0.5));
  const base = medians[0] ?? NaN;
  return medians.map((median, n) => {
    if (Number.isNaN(median)) return '—';
    const ratio = n === 0 ? '' : ` (${(median / base).toFixed(1)}×)`;
    return `${median.toFixed(median < 1 ? 2 : 1)}${ratio}`;
  });
}

/** What the engine is on the wire, with its module. */
function size(site: Site, name: string): number {
  const files = [site.file(`/${name}.js`), site.file(`/${name}.wasm`)].filter((file) => file !== undefined);
  return files.reduce((sum, file) => sum + brotliCompressSync(file).length, 0);
}

async function message(name: string): Promise<string> {
  return (await readFile(join(CORPUS, `${name}.sip`), 'utf8')).replaceAll('\n', '\r\n');
}

/** The INVITE of the corpus, in pieces. */
async function pieces(): Promise<Invite> {
  const text = await message('invite');
  return {
    target: 'sip:1002@tabphone.example',
    from: 'sip:1001@tabphone.example',
    tag: 'o2vq8l1c6t',
    branch: 'z9hG4bK5810294',
    callId: '7s1mhd9f0q2kz5xw3e8b',
    seq: 2104,
    contact: 'sip:ej7s0vld@p4kv0u1nq7ds.invalid;transport=ws;ob',
    sdp: text.slice(text.indexOf('\r\n\r\n') + 4),
  };
}
