import { test, expect, connect, ALICE, BOB, CAROL, HIGH, LOW } from '../fixtures/test.ts';

test('contacts show who is online, offline and in a call, without reloading', async ({ phones }) => {
  const carol = await phones.open(CAROL, { tone: LOW });
  const requests: string[] = [];
  carol.page.on('request', (request) => requests.push(request.url()));
  await carol.seesContact(ALICE.name, /offline/i);
  await carol.seesContact(BOB.name, /offline/i);

  const alice = await phones.open(ALICE, { tone: LOW });
  await carol.seesContact(ALICE.name, /online/i);
  const bob = await phones.open(BOB, { tone: HIGH });
  await carol.seesContact(BOB.name, /online/i);

  await connect(alice, bob);
  await carol.seesContact(ALICE.name, /in a call/i);
  await carol.seesContact(BOB.name, /in a call/i);
  await bob.hangUp();
  await carol.seesContact(ALICE.name, /online/i);
  await carol.seesContact(BOB.name, /online/i);

  await bob.logOut();
  await carol.seesContact(BOB.name, /offline/i);
  await expect(bob.button('Log in')).toBeVisible();
  await carol.seesContact(ALICE.name, /online/i);
  expect(requests, 'pushed, not polled').toEqual([]);
});

test('a page that is closed for good goes offline after a while, without logging out', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.seesContact(BOB.name, /online/i);
  await bob.page.close();
  await alice.seesContact(BOB.name, /offline/i, 30_000);
});
