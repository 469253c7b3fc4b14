/** A call moves to another browser along with the line. The far end hears a gap, and is told nothing else. */

import { silenceSince } from '../fixtures/recorder.ts';
import { test, expect, connect, talk, ALICE, BOB, CAROL, HIGH, LOW, type Phone } from '../fixtures/faults.ts';
import { slow } from '../fixtures/limits.ts';

/** How long the far end may hear nothing, in milliseconds. */
const GAP = 1_000;
/** How long it takes to have the phone here, in milliseconds. */
const HERE = 200;

test('a call moves to another browser and back: a short gap, and no word of it', async ({ measured }) => {
  const [first, bob] = await measured.pair();
  const second = await measured.blank(ALICE, { tone: LOW });
  await second.logIn();
  await connect(bob, first);
  await watchWords(bob);

  for (const [to, from] of [[second, first], [first, second]] as const) {
    await to.useHere();
    const since = Date.now();
    const here = await confirms(to);
    const silence = await silenceSince(bob.page, LOW, since, bob.account.name);
    await talk(to, bob);
    test.info().annotations.push({ type: 'takeover', description: `here after ${here} ms, ${Math.round(silence.length)} ms of silence at the far end` });
    expect(silence.length, `the far end hears a gap of at most ${GAP} ms`).toBeLessThanOrEqual(slow(GAP));
    expect(here, `the phone is here within ${HERE} ms of the click`).toBeLessThanOrEqual(slow(HERE));
    await expect(from.button('Use the phone here')).toBeVisible();
    await from.hasReleasedMicrophone();
  }
  expect.soft(await wordsSeen(bob), 'the far end is told nothing else').toEqual(['Connected']);
  await bob.hangUp();
  await Promise.all([first.isFree(), bob.isFree()]);
});

test('a phone that rings is taken over, and answered where it rings now', async ({ measured }) => {
  const [first, bob] = await measured.pair();
  const second = await measured.blank(ALICE, { tone: LOW });
  await second.logIn();
  await bob.dial(ALICE.extension);
  await first.ringsFor(BOB);
  await first.ringsAloud();
  await second.useHere();
  await second.ringsFor(BOB);
  await second.ringsAloud();
  await first.isQuiet();
  await second.answer();
  await talk(second, bob);
  await second.hangUp();
  await Promise.all([second.isFree(), bob.isFree()]);
  await bob.doesNotSay(/missed call/i);
});

test('who calls moves to another browser before it is answered there', async ({ measured }) => {
  const [first, bob] = await measured.pair();
  const second = await measured.blank(ALICE, { tone: LOW });
  await second.logIn();
  await first.dial(BOB.extension);
  await bob.ringsFor(ALICE);
  await expect(first.callWith(BOB)).toContainText('Ringing…');
  await second.useHere();
  await second.press('Move the call here');
  await expect(second.callWith(BOB)).toContainText('Ringing…');
  await second.isReady();
  await bob.answer();
  await talk(second, bob);
  await bob.hangUp();
  await Promise.all([second.isFree(), bob.isFree()]);
});

test('a call that the far end holds moves as it is', async ({ phones, stranger }) => {
  const [first, second, carol] = await Promise.all([
    phones.open(ALICE, { tone: LOW }),
    phones.blank(ALICE, { tone: LOW }),
    stranger('JsSIP', CAROL, { tone: HIGH }),
  ]);
  await second.logIn();
  await connect(carol, first);
  await carol.hold();
  await first.hearsNothing();
  await second.useHere();
  await second.press('Move the call here');
  await second.isReady();
  await second.stands(CAROL, 'They put you on hold');
  await Promise.all([second.hearsNothing(), carol.hearsNothing()]);
  await carol.resume();
  await talk(second, carol);
  await first.hasReleasedMicrophone();
  await second.hangUp();
  await carol.isFree();
});

/** The click that moves the call, and the milliseconds from there until the page says that the phone is ready. */
async function confirms(phone: Phone): Promise<number> {
  await expect(phone.button('Move the call here')).toBeVisible();
  return Math.round(
    await phone.page.evaluate(async () => {
      const button = [...document.querySelectorAll('button')].find(({ textContent }) => textContent?.trim() === 'Move the call here');
      const begun = performance.now();
      button?.click();
      const ready = () => [...document.querySelectorAll('[role=status]')].some(({ textContent }) => textContent?.trim() === 'Ready');
      while (!ready()) await new Promise((next) => requestAnimationFrame(next));
      return performance.now() - begun;
    }),
  );
}

/** From now on, where the page says that its call stands is written down. */
async function watchWords({ page }: Phone): Promise<void> {
  await page.evaluate(() => {
    const words: string[] = [];
    Object.assign(window, { words });
    const look = () => {
      const said = document.querySelector('.call__state [id$=phase]')?.textContent ?? '';
      if (words.at(-1) !== said) words.push(said);
    };
    look();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
}

async function wordsSeen({ page }: Phone): Promise<unknown> {
  return await page.evaluate(() => (window as unknown as { words: string[] }).words);
}
