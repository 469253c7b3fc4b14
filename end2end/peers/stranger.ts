/** A person in front of a phone page that is not ours: what they do and what they notice. */

import { expect, type Locator, type Page } from '@playwright/test';
import { sees } from '../fixtures/eyes.ts';
import type { Colour } from '../fixtures/picture.ts';
import { Person } from '../fixtures/person.ts';
import type { Complaints } from '../fixtures/phone.ts';
import type { Account } from '../fixtures/server.ts';
import { soon } from '../fixtures/soon.ts';
import type { Library } from './site.ts';
import type { Keys } from './softphone.ts';

/** How long the far end may take to answer, in milliseconds: for a while nobody may be home. */
const PATIENT = 10_000;

export class Stranger extends Person {
  constructor(
    page: Page,
    readonly complaints: Complaints,
    readonly library: Library,
    account: Account,
    tone: number,
  ) {
    super(page, account, tone);
  }

  // What a person does.

  async dial(number: string): Promise<void> {
    await this.#number(number);
    await this.press('Call');
  }

  /** Calls with these header lines. */
  async dialWith(number: string, headers: readonly string[]): Promise<void> {
    await this.page.evaluate((headers) => {
      window.inviteHeaders = headers;
    }, [...headers]);
    await this.dial(number);
  }

  async hold(): Promise<void> {
    await this.press('Hold');
    await soon((at) => expect(this.button('Resume')).toBeVisible(at));
  }

  async resume(): Promise<void> {
    await this.press('Resume');
    await soon((at) => expect(this.button('Hold')).toBeVisible(at));
  }

  /** Presses these keys in the call. */
  async sends(keys: string, how: Keys): Promise<void> {
    await this.page.getByLabel('Text').fill(keys);
    await this.press(`Send as ${how}`);
  }

  /** Asks the far end whether the call is up, and is told that it is. */
  async asks(): Promise<void> {
    await this.press('Ask');
    await this.noted('asked: 200', PATIENT);
  }

  /** Hands the other party over to this number. */
  async transfer(number: string): Promise<void> {
    await this.#number(number);
    await this.press('Transfer');
  }

  /** Hands the party of the call before this one over to the party of this one. */
  async handOver(): Promise<void> {
    await this.press('Hand over');
  }

  async message(number: string, text: string): Promise<void> {
    await this.#number(number);
    await this.page.getByLabel('Text').fill(text);
    await this.press('Message');
  }

  async watch(number: string): Promise<void> {
    await this.#number(number);
    await this.press('Watch');
  }

  /** Publishes this document as their presence. */
  async publish(document: string): Promise<void> {
    await this.page.getByLabel('Text').fill(document);
    await this.press('Publish');
  }

  /** Unregisters, and closes the page. */
  async leaves(): Promise<void> {
    await this.press('Leave');
    await expect(this.page.getByRole('status')).not.toHaveText('Ready');
    await this.page.close();
  }

  // What a person notices.

  async isReady(timeout?: number): Promise<void> {
    await soon((at) => expect(this.page.getByRole('status')).toHaveText('Ready', at), timeout);
  }

  async isCutOff(): Promise<void> {
    await expect(this.page.getByRole('status')).toHaveText('Disconnected');
  }

  async ringsFor(caller: Account): Promise<void> {
    await soon((at) => expect(this.#call).toHaveText(`${caller.name} ${caller.extension} is calling`, at));
    await expect(this.button('Answer')).toBeVisible();
  }

  /** They show this colour, and it moves. */
  async sees(colour: Colour): Promise<void> {
    await sees(this.page, 'video', colour, this.account.name);
  }

  /** The far end rings. */
  async hearsRinging(): Promise<void> {
    await expect(this.#call).toHaveText('Ringing…');
  }

  async inCall(): Promise<void> {
    await soon((at) => expect(this.button('Hang up')).toBeVisible(at));
  }

  /** The other party put this one on hold, or took it back. */
  async isHeld(held: boolean): Promise<void> {
    await soon((at) => expect(this.#call).toHaveText(held ? 'Connected, they hold' : 'Connected', at));
  }

  async isFree(): Promise<void> {
    await soon((at) => expect(this.page.locator('#buttons button')).toHaveCount(0, at));
  }

  /** How the last call ended. */
  async sawItEnd(words: RegExp): Promise<void> {
    await soon((at) => expect(this.#call).toHaveText(words, at));
  }

  /** This is among what came beside calls. */
  async noted(words: string | RegExp, timeout?: number): Promise<void> {
    await soon((at) => expect(this.page.locator('#log li').filter({ hasText: words }).first()).toBeVisible(at), timeout);
  }

  /** How often these words are among what came beside calls. */
  async notes(words: string): Promise<string[]> {
    return await this.page.locator('#log li').filter({ hasText: words }).allTextContents();
  }

  protected override get name(): string {
    return `${this.account.name} (${this.library})`;
  }

  get #call(): Locator {
    return this.page.locator('#call');
  }

  async #number(number: string): Promise<void> {
    await this.page.getByLabel('Number to call').fill(number);
  }
}
