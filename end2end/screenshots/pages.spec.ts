import { join } from 'node:path';
import { test, expect, ALICE, BOB, CAROL, HIGH, LOW, type Phone } from '../fixtures/test.ts';

const FOLDER = process.env['SCREENSHOTS'] ?? join(import.meta.dirname, '../test-results/screenshots');
const SIZES = { phone: { width: 360, height: 740 }, desk: { width: 1440, height: 900 } };
const THEMES = ['light', 'dark'] as const;

/** The page at every width and in every theme; it has to fit, wherever it is shown. */
async function picture({ page }: Phone, name: string): Promise<void> {
  for (const size of Object.values(SIZES)) {
    await page.setViewportSize(size);
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.screenshot({ path: join(FOLDER, `${name}-${size.width}-${colorScheme}.png`) });
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow, `${name} fits a width of ${size.width}`).toBeLessThanOrEqual(0);
  }
}

/** The one picture of the README: a call that has been up for a moment, without the empty lower part of a desk. */
async function forReadme({ page }: Phone): Promise<void> {
  await page.setViewportSize({ width: SIZES.desk.width, height: 720 });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await expect(page.getByText(/^0:0[4-9]$/)).toBeVisible();
  await page.screenshot({ path: join(FOLDER, 'call.png') });
}

test('pictures of every page', async ({ phones, server }) => {
  test.setTimeout(180_000);
  await server.add({ extension: '1004', name: 'Dana Nikolopoulou-Fitzgerald', password: 'dana dana dana' });
  const alice = await phones.blank(ALICE, { tone: LOW });
  await alice.page.goto(server.at('/login'));
  await picture(alice, 'login');
  await alice.fillIn(ALICE.extension, 'not the password');
  await expect(alice.page.getByRole('alert').filter({ visible: true })).toBeVisible();
  alice.complaints.expect(/status of 4\d\d/);
  await picture(alice, 'login-wrong');
  await alice.fillIn(ALICE.extension, ALICE.password);
  await alice.isReady();

  const bob = await phones.open(BOB, { tone: HIGH });
  await phones.open(CAROL, { tone: LOW });
  await alice.seesContact(CAROL.name, /online/i);
  await picture(alice, 'idle');

  await alice.callContact(BOB.name);
  await bob.ringsFor(ALICE);
  await alice.says('Ringing…');
  await picture(bob, 'ringing');
  await picture(alice, 'calling');

  await bob.answer();
  await bob.inCall();
  await alice.inCall();
  await picture(alice, 'in-call');
  await forReadme(alice);
  const reader = await phones.beside(alice);
  await expect(reader.button('Use the phone here')).toBeVisible();
  await picture(reader, 'watching');

  await bob.hangUp();
  await alice.isFree();
  await picture(alice, 'ended');

  await alice.page.goto(server.at(`/messages/${BOB.extension}`));
  const field = alice.page.getByRole('textbox', { name: `Write to ${BOB.name}` });
  for (const text of ['Is the contract ready?\nThe customer asks 🙂', 'W'.repeat(200)]) {
    await field.fill(text);
    await field.press('Enter');
    await expect(field).toHaveValue('');
  }
  await expect(alice.page.getByText('Delivered')).toHaveCount(2);
  await picture(alice, 'conversation');
  await bob.page.goto(server.at('/messages'));
  await expect(bob.page.getByText('2 new').last()).toBeVisible();
  await picture(bob, 'messages');

  await alice.page.goto(server.at('/settings/sessions'));
  await picture(alice, 'sessions');
  await alice.page.goto(server.at('/settings/password'));
  await picture(alice, 'password');
  await alice.page.getByLabel('Current password').fill(ALICE.password);
  await alice.page.getByLabel('New password', { exact: true }).fill('qwertyuiop');
  await alice.page.getByLabel('New password, once more').fill('qwertyuiop');
  await alice.press('Change the password');
  await alice.says('one of the commonest');
  await picture(alice, 'password-wrong');
});
