import { test, expect, ALICE, BOB } from '../fixtures/test.ts';

const WRONG = /extension or (the )?password/i;

test('the phone asks who you are first', async ({ phones, server }) => {
  const alice = await phones.blank(ALICE);
  const wasm: string[] = [];
  alice.page.on('request', (request) => {
    if (request.url().endsWith('.wasm')) wasm.push(request.url());
  });
  await alice.page.goto(server.at('/'));
  await expect(alice.page).toHaveURL(server.at('/login'));
  await alice.page.waitForLoadState('networkidle');
  expect(wasm, 'the login page is plain').toEqual([]);

  await alice.fillIn(ALICE.extension, ALICE.password);
  await expect(alice.page).toHaveURL(server.at('/'));
  await expect(alice.page.getByText(ALICE.name).first()).toBeVisible();
  await alice.isReady();
});

test('a wrong password and an unknown extension are answered alike', async ({ phones, server }) => {
  const alice = await phones.blank(ALICE);
  alice.complaints.expect(/status of 40[01]|status of 422/);
  const words: string[] = [];
  for (const extension of [ALICE.extension, '1999']) {
    await alice.page.goto(server.at('/login'));
    await alice.fillIn(extension, 'not the password');
    const alert = alice.page.getByRole('alert').filter({ visible: true });
    await expect(alert).toHaveText(WRONG);
    words.push(await alert.innerText());
  }
  expect(words[0]).toBe(words[1]);
  await alice.page.goto(server.at('/'));
  await expect(alice.page).toHaveURL(server.at('/login'));
});

test('a wrong password and an unknown extension take the same time', async ({ server, playwright }) => {
  const times: Record<'wrong' | 'unknown', number[]> = { wrong: [], unknown: [] };
  const request = await playwright.request.newContext({ baseURL: server.url });
  for (let n = 0; n < 4; n += 1) {
    for (const [who, extension] of [['wrong', ALICE.extension], ['unknown', `19${n}9`]] as const) {
      const start = performance.now();
      await request.post('/login', { form: { extension, password: 'not the password' }, maxRedirects: 0 });
      times[who].push(performance.now() - start);
    }
  }
  await request.dispose();
  // The fastest of each is what hides the least.
  const [wrong, unknown] = [Math.min(...times.wrong), Math.min(...times.unknown)];
  expect(Math.max(wrong, unknown) / Math.min(wrong, unknown), `${wrong} and ${unknown} ms`).toBeLessThan(1.5);
});

test('who guesses too often has to wait, and is told so', async ({ phones, server }) => {
  const guesser = await phones.blank(BOB);
  guesser.complaints.expect(/status of 4\d\d/);
  await expect
    .poll(
      async () => {
        await guesser.page.goto(server.at('/login'));
        await guesser.fillIn(BOB.extension, `guess ${Math.random()}`);
        return await guesser.page.getByRole('alert').filter({ visible: true }).innerText();
      },
      { timeout: 30_000, intervals: [0] },
    )
    .toMatch(/too many/i);
  // Not even the right password helps now: otherwise the answer would tell it.
  await guesser.page.goto(server.at('/login'));
  await guesser.fillIn(BOB.extension, BOB.password);
  await guesser.says(/too many/i);
});

test('an account that was added while the server runs can log in', async ({ phones, server }) => {
  const dana = { extension: '1004', name: 'Dana Diaz', password: 'fresh paint 4' };
  await server.add(dana);
  const phone = await phones.open(dana);
  await expect(phone.page.getByText(dana.name).first()).toBeVisible();
});

test('a disabled account is logged out at once, and the others see it', async ({ phones, server }) => {
  const [alice, bob] = await phones.pair();
  bob.complaints.expect(/WebSocket|status of 401/);
  await server.disable(BOB);
  await bob.says('You were logged out. Log in again.');
  await bob.fillIn(BOB.extension, BOB.password);
  await bob.says(/extension or the password is wrong/i);
  await alice.dial(BOB.extension);
  await alice.says(/There is no such number|They cannot be reached now/);
  await alice.isFree();
});
