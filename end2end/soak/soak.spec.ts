import { readFile } from 'node:fs/promises';
import { test, expect, connect, makeGoodCall, type Phone, type Server } from '../fixtures/test.ts';

const CALLS = Number(process.env['SOAK_CALLS'] ?? 100);
const RELOADS = Number(process.env['SOAK_RELOADS'] ?? 50);

/** What grows when something is forgotten. */
async function weigh(server: Server, phones: readonly Phone[]): Promise<{ server: number; pages: number[]; peers: number }> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  const pages: number[] = [];
  let peers = 0;
  for (const { page } of phones) {
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    await session.detach();
    pages.push(Math.round(usedSize / 1024));
    peers += await page.evaluate(() => window.probe.peers.filter(({ connectionState }) => connectionState !== 'closed').length);
  }
  return { server: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0), pages, peers };
}

test(`${CALLS} calls, one after the other`, async ({ phones, server }) => {
  const pair = await phones.pair();
  const [alice, bob] = pair;
  await makeGoodCall(alice, bob);
  const before = await weigh(server, pair);
  for (let n = 1; n <= CALLS; n += 1) {
    const [caller, callee] = n % 2 === 0 ? [alice, bob] : [bob, alice];
    await caller.dial(callee.account.extension);
    await callee.answer();
    await Promise.all([caller.inCall(), callee.inCall()]);
    await (n % 3 === 0 ? callee : caller).hangUp();
    await Promise.all([caller.isFree(), callee.isFree()]);
  }
  await makeGoodCall(alice, bob);
  const after = await weigh(server, pair);
  console.log(`before and after ${CALLS} calls, in KiB:`, before, after);
  expect(after.peers, 'every peer connection is closed').toBe(0);
  // The probe itself keeps a peer connection and a track a call alive.
  expect(after.server).toBeLessThan(before.server + 20_000);
});

test(`${RELOADS} reloads, and ${RELOADS} during a call`, async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  for (let n = 0; n < RELOADS; n += 1) {
    await alice.page.reload();
    await alice.isReady();
  }
  await connect(alice, bob);
  for (let n = 0; n < RELOADS; n += 1) {
    await alice.page.reload();
    await alice.isReady();
    await Promise.all([alice.hears(bob), bob.hears(alice)]);
  }
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await makeGoodCall(alice, bob);
});
