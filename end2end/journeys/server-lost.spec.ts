import { test, makeGoodCall } from '../fixtures/test.ts';

const NETWORK_NOISE = /WebSocket|ERR_|status of 50\d/;

test('a lost server shows at once, and the phone comes back by itself', async ({ phones, server }) => {
  const [alice, bob] = await phones.pair();
  for (const phone of [alice, bob]) phone.complaints.expect(NETWORK_NOISE);

  await server.kill();
  await Promise.all([alice, bob].map((phone) => phone.says(/The server cannot be reached/, 3_000)));

  await server.restart();
  await Promise.all([alice, bob].map((phone) => phone.isReady(35_000)));
  await makeGoodCall(alice, bob);
});

test('a server that is stopped in order goes, and the pages notice', async ({ phones, server }) => {
  const [alice, bob] = await phones.pair();
  for (const phone of [alice, bob]) phone.complaints.expect(NETWORK_NOISE);
  await server.stop();
  await Promise.all([alice, bob].map((phone) => phone.says(/The server cannot be reached/, 3_000)));
});

test('a connection that goes dead without a word is noticed, and the phone comes back by itself', async ({ phones, server }) => {
  test.slow();
  const [alice, bob] = await phones.pair();
  for (const phone of [alice, bob]) phone.complaints.expect(NETWORK_NOISE);
  server.freeze(true);
  try {
    await Promise.all([alice, bob].map((phone) => phone.says(/The server cannot be reached/, 30_000)));
  } finally {
    server.freeze(false);
  }
  await Promise.all([alice, bob].map((phone) => phone.isReady(35_000)));
  await makeGoodCall(alice, bob);
});
