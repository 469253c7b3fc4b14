/** Two people with phones of one make, and a server of their own: `one` is who things happen to. */

import type { BrowserContext, Page } from '@playwright/test';
import { Chaos } from '../fixtures/chaos.ts';
import type { Person } from '../fixtures/person.ts';
import { installProbe } from '../fixtures/probe.ts';
import { record } from '../fixtures/recorder.ts';
import { ALICE, BOB, HIGH, LOW, Server, TONES, test as base, type Maker } from '../fixtures/faults.ts';
import { Seat } from './seat.ts';

export interface Duo {
  readonly server: Server;
  /** The way of `one` to it. */
  readonly chaos: Chaos;
  readonly seat: Seat;
  one: Person;
  readonly other: Person;
  /** A page in another window of the same browser: what `one` has in mind, but not the session. */
  stranger(): Promise<Page>;
  /** Leaves nothing behind; the browsers go on. */
  close(): Promise<void>;
}

export interface DuoOptions {
  /** The page of `one`, if it is not in a browser that others use, too. */
  readonly page?: (seat: Seat) => Promise<Page>;
  readonly from?: string;
  /** What else the server is told. */
  readonly serve?: readonly string[];
}

export const test = base.extend<{ duo: (maker: Maker, options?: DuoOptions) => Promise<Duo> }>({
  duo: async ({ template, serve, site, browsers }, use) => {
    const open: Duo[] = [];
    await use(async (maker, { page, from = template, serve: more = [] } = {}) => {
      const contexts: BrowserContext[] = [];
      const blank = async (tone: number): Promise<Page> => {
        const { browser } = await browsers({ tone, pulsed: false });
        const context = await browser.newContext({ permissions: ['microphone'] });
        contexts.push(context);
        await context.addInitScript(installProbe);
        await record(context, TONES);
        return await context.newPage();
      };
      const server = await Server.start({ from, args: [...serve, ...more] });
      const chaos = await Chaos.to(server);
      const seat = new Seat(maker, ALICE, LOW, chaos, site);
      const other = await new Seat(maker, BOB, HIGH, server, site).enter(await blank(HIGH));
      const one = await seat.enter(await (page?.(seat) ?? blank(LOW)));
      const duo: Duo = {
        server,
        chaos,
        seat,
        one,
        other,
        stranger: async () => await blank(LOW),
        async close() {
          open.splice(open.indexOf(duo), 1);
          for (const context of contexts) await context.close();
          await chaos.remove();
          await server.dispose();
        },
      };
      open.push(duo);
      return duo;
    });
    for (const duo of [...open]) await duo.close();
  },
});
