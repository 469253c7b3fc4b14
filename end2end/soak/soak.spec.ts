import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test, expect, connect, makeGoodCall, type Phone, type Server } from '../fixtures/test.ts';

const CALLS = Number(process.env['SOAK_CALLS'] ?? 100);
const RELOADS = Number(process.env['SOAK_RELOADS'] ?? 50);
const TABLE = process.env['TABLE'] ?? 'test-results/soak.md';

/** What grows when something is forgotten: memory in KiB, and the peer connections that are not closed. */
interface Weight {
  readonly server: number;
  readonly pages: readonly number[];
  readonly peers: number;
}

async function weigh(server: Server, phones: readonly Phone[]): Promise<Weight> {
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

async function tell(what: string, before: string | number, after: string | number): Promise<void> {
  await appendFile(TABLE, `| ${what} | ${before} | ${after} |\n`);
}

test.beforeAll(async () => {
  await mkdir(dirname(TABLE), { recursive: true });
  const caption = `Measured with \`SOAK_CALLS=${CALLS} SOAK_RELOADS=${RELOADS} make soak\`.`;
  await writeFile(TABLE, `${caption}\n\n| What | Before | After |\n| --- | ---: | ---: |\n`);
});

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
  await tell('Calls that were made, connected and ended', 0, CALLS);
  await tell('Memory of the server', `${before.server} KiB`, `${after.server} KiB`);
  // The journey's own probe keeps a peer connection and a track for every call.
  await tell('Heap of both pages, with what the test keeps', `${sum(before.pages)} KiB`, `${sum(after.pages)} KiB`);
  await tell('Peer connections that are open', before.peers, after.peers);
  expect(after.peers, 'every peer connection is closed').toBe(0);
  expect(after.server).toBeLessThan(before.server + 20_000);
});

test(`${RELOADS} reloads, and ${RELOADS} during a call`, async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  for (let n = 0; n < RELOADS; n += 1) {
    await alice.page.reload();
    await alice.isReady();
  }
  await tell('Reloads, each followed by Ready', 0, RELOADS);
  await connect(alice, bob);
  for (let n = 0; n < RELOADS; n += 1) {
    await alice.page.reload();
    await alice.isReady();
    await Promise.all([alice.hears(bob), bob.hears(alice)]);
  }
  await tell('Reloads in one call, each followed by sound both ways', 0, RELOADS);
  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await makeGoodCall(alice, bob);
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
