/** What journeys with phones that are not ours start with. */

import { test as base, expect, Server, ALICE, BOB, CAROL, HIGH, LOW, type Account, type Person, type Phone } from '../fixtures/test.ts';
import type { Colour } from '../fixtures/picture.ts';
import { rm } from 'node:fs/promises';
import { PeerSite, type Library } from './site.ts';
import { Stranger } from './stranger.ts';

export { expect, Server, ALICE, BOB, CAROL, HIGH, LOW };
export * from '../fixtures/person.ts';
export * from './stranger.ts';
export type { Library };

export const DORA: Account = { extension: '1004', name: 'Dora Dale', password: 'open sesame 4' };
/** A third tone, for calls of three. */
export const THIRD = 1700;
/** A fourth one, for calls of four. */
export const FOURTH = 2300;

/** Whose page somebody phones with. */
export type Maker = Library | 'Tabphone';

/** Where a stranger's page is opened. */
export interface Opening {
  /** The microphone's tone, in hertz. */
  readonly tone: number;
  /** What its camera shows; it sends and takes pictures then. */
  readonly colour?: Colour;
  /** Where it speaks SIP, if not at the server itself. */
  readonly socket?: string;
  /** Its domain, if it is not the server's own. */
  readonly domain?: string;
}

interface Fixtures {
  /** A stranger's page, registered. */
  stranger: (library: Library, account: Account, opening: Opening) => Promise<Stranger>;
  /** Whoever it is, ready for calls. */
  talker: <M extends Maker>(maker: M, account: Account, tone: number) => Promise<M extends 'Tabphone' ? Phone : Stranger>;
  /** A cell of the table of `fixtures/table.ts` is proved: what, and between whom. */
  proved: (what: string, between: string) => void;
}

export const test = base.extend<Fixtures, { site: PeerSite }>({
  template: [
    async ({}, use) => {
      const folder = await Server.template([ALICE, BOB, CAROL, DORA]);
      await use(folder);
      await rm(folder, { recursive: true, force: true });
    },
    { scope: 'worker' },
  ],
  site: [
    async ({}, use) => {
      const site = await PeerSite.start();
      await use(site);
      await site.stop();
    },
    { scope: 'worker' },
  ],
  serve: async ({ site }, use) => await use(['--allow-origin', site.origin]),
  stranger: async ({ phones, server, site }, use) => {
    await use(async (library, account, { tone, colour, socket = server.at('/sip', 'ws'), domain }) => {
      const { page, complaints } = await phones.page({ tone, ...(colour === undefined ? {} : { colour }) });
      await page.goto(site.page(library, account, socket, { video: colour !== undefined, ...(domain === undefined ? {} : { domain }) }));
      const stranger = new Stranger(page, complaints, library, account, tone);
      await stranger.isReady();
      return stranger;
    });
  },
  talker: async ({ phones, stranger }, use) => {
    const open = async (maker: Maker, account: Account, tone: number): Promise<Person> =>
      maker === 'Tabphone' ? await phones.open(account, { tone }) : await stranger(maker, account, { tone });
    await use(open as Fixtures['talker']);
  },
  proved: async ({}, use, testInfo) => {
    await use((what, between) => void testInfo.annotations.push({ type: 'proved', description: `${what}|${between}` }));
  },
});
