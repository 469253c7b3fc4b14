import { test, expect, ALICE } from '../fixtures/test.ts';

test.use({ serve: ['--self-signed'] });

test('over HTTPS the phone is ready, and its cookie is for this host alone', async ({ phones, server }) => {
  expect(server.url).toMatch(/^https:/);
  const alice = await phones.open(ALICE, { context: { ignoreHTTPSErrors: true } });
  expect(await alice.page.evaluate(() => window.isSecureContext)).toBe(true);
  const protocol = await alice.page.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    return navigation?.nextHopProtocol;
  });
  expect(protocol, 'pages come over HTTP/2, sockets beside it').toBe('h2');
  const [cookie, ...others] = await alice.context.cookies();
  expect(others).toEqual([]);
  expect(cookie).toMatchObject({ name: '__Host-tabphone', path: '/', secure: true, httpOnly: true, sameSite: 'Strict' });
});
