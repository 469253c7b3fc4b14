/** What the exchange does for clients that are not ours: messages wait for who is not there, and presence is told. */

import { test, expect, ALICE, CAROL, DORA, LOW, type Library } from '../peers/test.ts';

const LIBRARIES: readonly Library[] = ['JsSIP', 'SIP.js'];

test('messages to who is not there wait for them, in order, and come once', async ({ stranger, proved }) => {
  for (const from of LIBRARIES) {
    const sender = await stranger(from, ALICE, { tone: LOW });
    for (const [to, reader] of [['JsSIP', CAROL], ['SIP.js', DORA]] as const) {
      const texts = ['one', 'two', 'three'].map((text) => `${text} of ${from}`);
      for (const text of texts) {
        const before = (await sender.notes('message sent: 202')).length;
        await sender.message(reader.extension, text);
        await expect.poll(async () => (await sender.notes('message sent: 202')).length).toBe(before + 1);
      }
      const page = await stranger(to, reader, { tone: LOW });
      await page.noted(texts.at(-1) ?? '');
      expect(await page.notes('message from')).toEqual(texts.map((text) => `message from ${ALICE.extension}: ${text}`));
      await page.leaves();
      const again = await stranger(to, reader, { tone: LOW });
      await sender.message(reader.extension, 'and now');
      await again.noted('and now');
      expect(await again.notes('message from')).toHaveLength(1);
      await again.leaves();
      proved('message to who is offline: 202, delivered in order, once', `${from} → ${to}`);
    }
    await sender.leaves();
  }
});

test('who subscribes to presence sees it change, and what SIP.js publishes', async ({ stranger, proved }) => {
  for (const watcher of LIBRARIES) {
    const watching = await stranger(watcher, ALICE, { tone: LOW });
    for (const [seen, account] of [['JsSIP', CAROL], ['SIP.js', DORA]] as const) {
      await watching.watch(account.extension);
      await watching.noted(new RegExp(`presence of ${account.extension}: .*<basic>closed`, 's'));
      const watched = await stranger(seen, account, { tone: LOW });
      await watching.noted(new RegExp(`presence of ${account.extension}: .*<basic>open`, 's'));
      proved('presence: who subscribes sees who is there', `${watcher} → ${seen}`);
      if (seen === 'SIP.js') {
        await watched.publish(pidf(account.extension, 'gone fishing'));
        await watching.noted(new RegExp(`presence of ${account.extension}: .*gone fishing`, 's'));
        proved('presence: what is published is seen', `${watcher} → ${seen}`);
      }
      await watched.leaves();
    }
    await watching.leaves();
  }
});

/** A presence document (RFC 3863). */
function pidf(extension: string, note: string): string {
  return (
    `<?xml version="1.0" encoding="UTF-8"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:${extension}@tabphone">` +
    `<tuple id="t1"><status><basic>open</basic></status><note>${note}</note></tuple></presence>`
  );
}
