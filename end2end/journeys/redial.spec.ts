import { test, expect, connect, makeGoodCall, BOB } from '../fixtures/test.ts';

test('what was dialled last is there again: by an empty field, and after a reload', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await makeGoodCall(alice, bob);
  const field = alice.page.getByLabel('Number or name to call');
  for (const again of ['at once', 'after a reload']) {
    await test.step(again, async () => {
      if (again === 'after a reload') {
        await alice.page.reload();
        await alice.isReady();
      }
      await alice.press('Call');
      await expect(field).toHaveValue(BOB.extension);
      await field.press('Enter');
      await bob.ringsFor(alice.account);
      await bob.decline();
      await Promise.all([alice.isFree(), bob.isFree()]);
    });
  }
  await connect(bob, alice);
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});
