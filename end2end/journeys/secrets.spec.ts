import { createHash } from 'node:crypto';
import { heap, listen, memory, rememberMemories, stored, type Haystack } from '../fixtures/haystack.ts';
import { test, expect, ALICE, BOB, type Account } from '../fixtures/test.ts';

/** The password and what stands for it in a digest (RFC 7616 3.4.2), in every form that it could be kept in. */
function needles({ extension, password }: Account): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const add = (name: string, text: string) => {
    found.set(name, Buffer.from(text));
    found.set(`${name}, UTF-16`, Buffer.from(text, 'utf16le'));
  };
  add('the password', password);
  add('the password of a form', new URLSearchParams({ '': password }).toString().slice(1));
  add('the password of a URL', encodeURIComponent(password));
  add('the password in base64', Buffer.from(password).toString('base64').replace(/=+$/, ''));
  for (const algorithm of ['md5', 'sha256']) {
    const ha1 = createHash(algorithm).update(`${extension}:tabphone:${password}`).digest();
    add(`HA1 with ${algorithm}`, ha1.toString('hex'));
    add(`HA1 with ${algorithm}, in capitals`, ha1.toString('hex').toUpperCase());
    found.set(`HA1 with ${algorithm}, its bytes`, ha1);
  }
  return found;
}

test('after the login, nothing of the password is anywhere in the browser or on its way', async ({ phones, server }) => {
  const alice = await phones.blank(ALICE, { before: rememberMemories });
  const { cdp, traffic } = await listen(alice.page);
  await alice.page.goto(server.at('/login'));
  await alice.fillIn(ALICE.extension, ALICE.password);
  await alice.isReady();
  await alice.dial('1999');
  await alice.says(/There is no such number/);
  await alice.isFree();

  // The heap first, as whatever looks into the page leaves something there.
  const scripts = await heap(cdp);
  const hay: Haystack[] = [scripts, ...(await stored(alice.page)), ...(await memory(alice.page)), ...(await traffic())];
  const kept = (text: string, name: RegExp) => hay.some((part) => name.test(part.name) && part.bytes.includes(text));
  // What has to be there shows that each place was looked into.
  expect(kept(BOB.name, /^page$/), 'the page').toBe(true);
  expect(kept('REGISTER sip:tabphone', /a frame sent/), 'the traffic').toBe(true);
  expect(kept('SIP/2.0 200', /a frame received/), 'the traffic').toBe(true);
  expect(kept(BOB.name, /the response of .*\/$/), 'the responses').toBe(true);
  expect(kept(`sip:${ALICE.extension}@tabphone`, /the memory of wasm/), 'the memory of wasm').toBe(true);
  expect(kept('Number or name to call', /the heap/), 'the heap').toBe(true);

  const found = [...needles(ALICE)].flatMap(([what, needle]) =>
    hay.filter(({ bytes }) => bytes.includes(needle)).map(({ name }) => `${what}, in ${name}`),
  );
  expect(found).toEqual([]);
});
