import { test, expect, BOB } from '../fixtures/test.ts';
import type { Phone } from '../fixtures/phone.ts';

test('a call says how well it is heard, with numbers for who asks', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.dial(BOB.extension);
  await bob.answer();
  await bob.inCall();
  const where = async (): Promise<number | undefined> => (await bob.button('Hang up').boundingBox())?.y;
  const before = await where();
  for (const phone of [alice, bob]) {
    await expect(phone.page.getByText('Good sound', { exact: true })).toBeVisible();
    if (phone === bob) expect(await where(), 'nothing moved under the finger for that').toBe(before);
    await phone.page.getByText('Good sound', { exact: true }).click();
    await expect(row(phone, 'Lost on the way here')).toHaveText(/^\d\.\d %$/);
    await expect(row(phone, 'There and back')).toHaveText(/^\d+ ms$/);
    await expect(row(phone, 'Codec')).toHaveText('opus');
    await expect(row(phone, 'Way')).toHaveText('Direct');
    await expect(phone.page.getByRole('img', { name: 'The score over the last three minutes' })).toBeVisible();
  }
  await alice.hangUp();
  await alice.isFree();
  await expect(alice.page.getByText('Good sound', { exact: true })).toBeHidden();
});

/** What stands beside this name. */
function row(phone: Phone, name: string) {
  return phone.page.locator('.quality__row', { has: phone.page.getByText(name, { exact: true }) }).getByRole('definition');
}
