import { test, expect, makeGoodCall, ALICE, HIGH, LOW } from '../fixtures/test.ts';

/** Names that were made to break out of a page, of a header, or of a line. */
const NAMES = [
  `<img src=x onerror="document.title='pwned'">`,
  `"><script>document.title='pwned'</script>`,
  `\\" <sip:9@evil.invalid>;x="`,
  `Robert'); DROP TABLE accounts;--`,
  'Ünï¢ødé \u{202e}abc 🦊',
];

test('hostile names are shown as the text that they are', async ({ phones, server }) => {
  test.slow();
  const mallories = NAMES.map((name, n) => ({ extension: `20${n}0`, name, password: 'any password will do' }));
  for (const mallory of mallories) await server.add(mallory);
  const alice = await phones.open(ALICE, { tone: LOW });
  const loaded: string[] = [];
  alice.page.on('request', (request) => loaded.push(request.url()));
  for (const mallory of mallories) {
    await test.step(mallory.name, async () => {
      const caller = await phones.open(mallory, { tone: HIGH });
      await expect(alice.button(`Call ${mallory.name}`)).toBeVisible();
      await caller.dial(ALICE.extension);
      await alice.ringsFor(mallory);
      await alice.answer();
      await Promise.all([alice.hears(caller), caller.hears(alice)]);
      await caller.hangUp();
      await Promise.all([alice.isFree(), caller.isFree()]);
      await alice.page.reload();
      await alice.isReady();
      for (const phone of [alice, caller]) {
        expect(await phone.page.title()).not.toContain('pwned');
        await expect(phone.page.locator('img[src="x"]')).toHaveCount(0);
      }
      await makeGoodCall(alice, caller);
      await caller.page.close();
    });
  }
  expect(loaded.filter((url) => url.endsWith('/x'))).toEqual([]);
});
