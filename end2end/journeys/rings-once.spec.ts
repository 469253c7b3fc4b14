/** A call rings in one place at a time, however many pages show it. */

import { test, expect, talk, ALICE, BOB, LOW, type Phone } from '../fixtures/faults.ts';
import { untouched } from '../fixtures/untouched.ts';

/** How long two pages may ring at the same time, in milliseconds: what is heard ends a moment after it was stopped. */
const TOGETHER = 300;
/** How often is listened, in milliseconds. */
const OFTEN = 50;

test('a page that was reloaded says that it will not ring before the first call comes, and rings after any click', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.doesNotSay(/makes no sound before you click/);
  await untouched(alice.page);
  await alice.page.reload();
  await alice.says(/The browser makes no sound before you click in this page/);
  await alice.page.getByRole('heading', { name: 'Tabphone' }).click();
  await alice.doesNotSay(/makes no sound before you click/);
  await bob.dial(ALICE.extension);
  await alice.ringsFor(BOB);
  await alice.ringsAloud();
  await alice.decline();
});

test('two tabs and another browser show a call, and one of them rings; also when it is reloaded and when it moves', async ({ phones }) => {
  const [first, bob] = await phones.pair();
  const second = await phones.beside(first);
  const third = await phones.blank(ALICE, { tone: LOW });
  await third.logIn();
  const pages = [first, second, third];
  const ringing = listen(pages);
  await expect(second.button('Use the phone here')).toBeVisible();
  await expect(third.button('Use the phone here')).toBeVisible();

  await bob.dial(ALICE.extension);
  await first.ringsFor(BOB);
  await first.ringsAloud();
  await expect(second.callWith(BOB)).toBeVisible();
  await expect(third.callWith(BOB)).toBeVisible();

  // Chromium lets no reloaded page sound before a gesture: it says so, and rings on the screen until there is one.
  await untouched(first.page);
  await first.page.reload();
  await first.ringsFor(BOB);
  await first.says(/The browser makes no sound before you click in this page/);
  await expect(first.page).toHaveTitle(/is calling/);
  await first.isQuiet();
  const clicked = Date.now();
  await first.press('Allow sound');
  await first.ringsAloud();
  test.info().annotations.push({ type: 'from the click to the sound', description: `${Date.now() - clicked} ms` });
  await first.doesNotSay(/makes no sound before you click/);

  await third.useHere();
  await third.ringsFor(BOB);
  await third.ringsAloud();
  await first.isQuiet();
  const together = await ringing.end();
  expect(together, `two pages rang at the same time for ${together} ms`).toBeLessThanOrEqual(TOGETHER);
  await third.answer();
  await talk(third, bob);
  await bob.hangUp();
  await Promise.all([third.isFree(), bob.isFree()]);
  await first.doesNotSay(/missed call/i);
});

/** From now on, for how long more than one of them rang. */
function listen(pages: readonly Phone[]): { end(): Promise<number> } {
  let listening = true;
  const listened = (async () => {
    let together = 0;
    let before = Date.now();
    while (listening) {
      // A page that is being loaded makes no sound.
      const now = await Promise.all(pages.map(({ page }) => page.evaluate(() => window.probe.sounding()).catch(() => false)));
      const at = Date.now();
      if (now.filter(Boolean).length > 1) together += at - before;
      before = at;
      await new Promise((next) => setTimeout(next, OFTEN));
    }
    return together;
  })();
  return {
    async end() {
      listening = false;
      return await listened;
    },
  };
}
