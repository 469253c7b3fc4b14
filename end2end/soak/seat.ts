/** Somebody's place at a phone of some make: how their page is opened, and opened again. */

import type { Page } from '@playwright/test';
import { Complaints, Phone } from '../fixtures/phone.ts';
import type { Person } from '../fixtures/person.ts';
import type { Account, Address } from '../fixtures/server.ts';
import type { PeerSite } from '../peers/site.ts';
import { Stranger } from '../peers/stranger.ts';
import type { Maker } from '../peers/test.ts';

export class Seat {
  constructor(
    readonly maker: Maker,
    readonly account: Account,
    readonly tone: number,
    private readonly address: Address,
    private readonly site: PeerSite,
  ) {}

  /** Begins to load the phone in this page. */
  async begin(page: Page): Promise<Person> {
    await page.goto(this.#url, { waitUntil: 'commit' });
    return this.#person(page);
  }

  /** Opens the phone in a page that was not there before, and waits until it is ready for calls. */
  async enter(page: Page): Promise<Person> {
    const person = this.#person(page);
    if (person instanceof Phone) await person.logIn();
    else await page.goto(this.#url);
    await this.ready(person);
    return person;
  }

  async ready(person: Person): Promise<void> {
    if (person instanceof Phone || person instanceof Stranger) await person.isReady(30_000);
  }

  get #url(): string {
    const { maker, account, address } = this;
    return maker === 'Tabphone' ? address.at('/') : this.site.page(maker, account, address.at('/sip', 'ws'));
  }

  #person(page: Page): Person {
    const { maker, account, tone } = this;
    return maker === 'Tabphone'
      ? new Phone(page, this.address, account, tone)
      : new Stranger(page, new Complaints(page), maker, account, tone);
  }
}
