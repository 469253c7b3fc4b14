/** Calls that are answered by themselves: only where an administrator allows it and the person agreed, and never unheard. */

import { test, expect, talk, ALICE, BOB, CAROL, HIGH, LOW, THIRD, type Server, type Stranger } from '../peers/test.ts';
import type { Phone } from '../fixtures/test.ts';

const DIALECTS = {
  JsSIP: 'Alert-Info: <http://www.example.com>;info=alert-autoanswer',
  'SIP.js': 'Answer-Mode: Auto',
} as const;

/** The person agrees in the settings. */
async function agree(phone: Phone, server: Server): Promise<void> {
  await phone.page.goto(server.at('/settings'));
  await phone.page.getByLabel('Answer announcements by itself').check();
  await phone.press('Save');
  await phone.says('Saved.');
  await expect(phone.page.getByLabel('Answer announcements by itself')).toBeChecked();
  await phone.page.getByRole('link', { name: 'Back to the phone' }).click();
  await phone.isReady();
}

/** It rings, and goes on ringing for longer than the tone before an answer lasts. */
async function goesOnRinging(phone: Phone, caller: Stranger): Promise<void> {
  await phone.ringsFor(caller.account);
  await phone.doesNotSay(/Answers by itself/);
  const since = Date.now();
  await expect.poll(() => Date.now() - since, { timeout: 10_000 }).toBeGreaterThan(3_000);
  await phone.ringsFor(caller.account);
  await phone.hasReleasedMicrophone();
}

for (const library of ['JsSIP', 'SIP.js'] as const) {
  test(`a ${library} phone that asks for it is answered after a tone, where that is allowed and agreed to`, async ({ phones, stranger, server, proved }) => {
    test.slow();
    const [bob, alice] = await Promise.all([phones.open(BOB, { tone: HIGH }), stranger(library, ALICE, { tone: LOW })]);
    const asks = async (): Promise<void> => await alice.dialWith(BOB.extension, [DIALECTS[library]]);
    if (library === 'JsSIP') {
      await test.step('nobody allowed it', async () => {
        await bob.page.goto(server.at('/settings'));
        await expect(bob.page.getByLabel('Answer announcements by itself')).toHaveCount(0);
        await bob.page.goto(server.at('/'));
        await bob.isReady();
        await asks();
        await goesOnRinging(bob, alice);
        await bob.decline();
        await alice.isFree();
      });
      await test.step('the person did not agree', async () => {
        await server.command('policy', 'set', '--for', BOB.extension, '--auto-answer', ALICE.extension);
        await bob.page.goto(server.at('/settings'));
        await expect(bob.page.getByLabel('Answer announcements by itself')).not.toBeChecked();
        await bob.page.goto(server.at('/'));
        await bob.isReady();
        await asks();
        await goesOnRinging(bob, alice);
        await bob.decline();
        await alice.isFree();
      });
    } else {
      await server.command('policy', 'set', '--for', BOB.extension, '--auto-answer', ALICE.extension);
    }
    await test.step('both do', async () => {
      await agree(bob, server);
      // Somebody is there: a browser makes no sound for a page that was never touched.
      await bob.page.locator('body').click();
      await asks();
      await bob.says('Answers by itself in a moment');
      await bob.ringsAloud();
      await bob.says('This call was answered by itself');
      await talk(alice, bob);
      await bob.hasReleasedCamera();
      await bob.hangUp();
      await Promise.all([alice.isFree(), bob.isFree()]);
    });
    proved('its call is answered by itself', `${library} → Tabphone`);
    // What keeps a call from it does not depend on how it was asked for: once is enough.
    if (library !== 'JsSIP') return;
    await test.step('an open page hears at once that it is not allowed any more', async () => {
      await server.command('policy', 'set', '--for', BOB.extension, '--auto-answer', CAROL.extension);
      await expect(async () => {
        await asks();
        await goesOnRinging(bob, alice);
      }).toPass();
      await bob.decline();
      await Promise.all([alice.isFree(), bob.isFree()]);
    });
  });
}

test('never beside another call, nor with a camera, nor while not to be disturbed; and a person may decline it', async ({ phones, stranger, server }) => {
  test.slow();
  await server.command('policy', 'set', '--auto-answer', 'domain');
  const [bob, carol, alice] = await Promise.all([
    phones.open(BOB, { tone: HIGH }),
    phones.open(CAROL, { tone: THIRD }),
    stranger('JsSIP', ALICE, { tone: LOW, colour: 'green' }),
  ]);
  await agree(bob, server);
  await bob.page.locator('body').click();
  await test.step('it is declined during the tone', async () => {
    await alice.dialWith(BOB.extension, ['Call-Info: <sip:tabphone>;answer-after=8']);
    await bob.says('Answers by itself in a moment');
    await bob.decline();
    await alice.isFree();
  });
  await test.step('a call with a picture is answered with the voice alone', async () => {
    await alice.dialWith(BOB.extension, [DIALECTS.JsSIP]);
    await talk(alice, bob);
    expect(await bob.page.evaluate(() => window.probe.cameras.length), 'no camera was ever opened').toBe(0);
    await bob.hangUp();
    await alice.isFree();
  });
  await test.step('another call is up', async () => {
    await carol.dial(BOB.extension);
    await bob.answer();
    await talk(bob, carol);
    await alice.dialWith(BOB.extension, [DIALECTS.JsSIP]);
    await bob.ringsFor(ALICE);
    await bob.doesNotSay(/Answers by itself/);
    await talk(bob, carol);
    await bob.ringsFor(ALICE);
    await bob.decline();
    await carol.hangUp();
    await Promise.all([alice.isFree(), bob.isFree(), carol.isFree()]);
  });
  await test.step('do not disturb', async () => {
    await server.command('user', 'set', BOB.extension, '--do-not-disturb', 'on');
    await expect(async () => {
      // What is set from outside holds a moment later: until then it is answered.
      await alice.dialWith(BOB.extension, [DIALECTS.JsSIP]);
      const [busy, up] = [alice.page.getByText(/Busy/).first(), alice.button('Hang up')];
      await expect(busy.or(up).first()).toBeVisible();
      if (await up.isVisible()) await alice.hangUp();
      expect(await busy.isVisible()).toBe(true);
    }).toPass();
    await bob.isFree();
  });
});
