import { test, expect, connect, makeGoodCall } from '../fixtures/test.ts';

test('a page that reloads has its phone back', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.page.reload();
  await alice.isReady();
  await makeGoodCall(bob, alice);
});

test('a page that reloads during a call goes on with it, or both sides are told', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await connect(alice, bob);
  await alice.page.reload();
  await alice.isReady();
  await expect(alice.button('Hang up')).toBeVisible();
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await makeGoodCall(alice, bob);
});
