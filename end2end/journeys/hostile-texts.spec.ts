import { test, expect, ALICE, BOB, type Phone } from '../fixtures/test.ts';
import { readFileSync } from 'node:fs';

/** What the server's test of the same name sends through every field, header and file. */
const TEXTS = JSON.parse(readFileSync(new URL('../fixtures/hostile.json', import.meta.url), 'utf8')) as readonly string[];

/** How many messages a page has: older ones are on the one before. */
const SHOWN = 50;

/** What no page of ours has. */
const STRANGE = 'iframe, base, object, embed, math, [style], [srcdoc], [onerror], [onload], [onclick], [onfocus], [onmouseover], [href^="javascript:" i], [src="x"]';

/** As the phone's own pages send a form. */
async function sends(phone: Phone, path: string, form: Record<string, string>): Promise<string> {
  const headers = { origin: new URL(phone.server.at('/')).origin };
  const answer = await phone.context.request.post(phone.server.at(path), { form, headers, maxRedirects: 0 });
  expect(answer.status(), path).toBeLessThan(500);
  return answer.headers()['location'] ?? '';
}

test('hostile texts run nowhere, whichever way they come into an open page', async ({ phones, server }) => {
  test.slow();
  const [alice, bob] = await phones.pair();
  const elsewhere: string[] = [];
  const origin = new URL(server.at('/')).origin;
  for (const { page, context } of [alice, bob]) {
    context.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && new URL(request.url()).origin !== origin) elsewhere.push(request.url());
    });
    await page.evaluate(() => addEventListener('securitypolicyviolation', ({ blockedURI }) => Object.assign(window, { ran: blockedURI })));
  }
  const contact = await sends(alice, '/contacts', { name: 'Bob', kind: 'work', number: BOB.extension });

  // Messages and statuses come while the page is open, one after the other.
  await alice.page.getByRole('link', { name: /^Messages/ }).click();
  await alice.page.getByLabel('Write to number').fill(BOB.extension);
  await alice.button('Write').click();
  const log = alice.page.getByRole('log', { name: 'What was written' });
  await expect(log).toBeVisible();
  let written = 0;
  for (const [n, text] of [...TEXTS.entries()].reverse()) {
    await sends(bob, '/settings/status', { status: 'away', note: text });
    if (text.trim() === '') continue;
    await sends(bob, `/messages/${ALICE.extension}`, { text, draft: `draft${String(n).padStart(15, '0')}` });
    written += 1;
  }
  await expect(log.locator('.messages__line')).toHaveCount(Math.min(written, SHOWN), { timeout: 60_000 });
  await expect(log).toContainText('<script>window.ran=1</script>', { useInnerText: true });
  await alice.page.getByRole('link', { name: 'Close' }).click();

  // Who calls is called so, with such a note; so is what is dialled, and what is left of the call.
  for (const [calls, text] of TEXTS.filter((_, n) => n % 9 === 0).entries()) {
    await sends(alice, contact, { name: text, company: text, note: text, groups: text, kind: 'work', number: BOB.extension });
    await bob.dial(ALICE.extension);
    const ringing = alice.page.getByRole('alertdialog');
    if (calls > 0) await expect(ringing).toContainText('Last calls:');
    await expect(ringing).toContainText(text.split('\n')[0]?.trim().slice(0, 12) ?? '', { useInnerText: true });
    await bob.cancel();
    await Promise.all([alice.isFree(), bob.isFree()]);
    await alice.page.getByLabel('Number or name to call').fill(text);
    await alice.press('Call');
  }
  await alice.page.getByLabel('Number or name to call').fill('');

  const beside = await alice.context.newPage();
  for (const path of ['/contacts', '/history', '/settings', '/messages', contact, '/']) {
    await beside.goto(server.at(path));
    await expect(beside.locator(STRANGE)).toHaveCount(0);
    expect(await beside.evaluate(() => 'ran' in window), path).toBe(false);
  }
  for (const { page } of [alice, bob]) {
    expect(await page.evaluate(() => ('ran' in window ? window.ran : 'nothing'))).toBe('nothing');
    await expect(page.locator(STRANGE)).toHaveCount(0);
  }
  expect(elsewhere).toEqual([]);
  expect(server.output).not.toContain('a browser stopped what no page of ours does');
});
