import { test, expect, makeGoodCall, ALICE, BOB, HIGH } from '../fixtures/test.ts';
import { installClock, secondPasses } from '../fixtures/clock.ts';
import { refuse } from '../fixtures/sip.ts';

test('a page without HTTPS is told what is missing, before and after the login', async ({ phones, server }) => {
  const alice = await phones.blank(ALICE, { args: ['--host-resolver-rules=MAP phone.test 127.0.0.1'] });
  // Browsers say about every such page that it cannot be isolated.
  alice.complaints.expect(/Cross-Origin-Opener-Policy header has been ignored/);
  const site = `http://phone.test:${server.port}`;
  await alice.page.goto(site);
  await expect(alice.page).toHaveURL(`${site}/login`);
  await alice.says(/This page was opened without HTTPS/);
  await alice.fillIn(ALICE.extension, ALICE.password);
  await expect(alice.page).toHaveURL(`${site}/`);
  await alice.says('This page was not opened over HTTPS, so the browser gives it no microphone.');
  await alice.isNotReady();
  await expect(alice.button('Call')).toBeDisabled();
});

test('a browser without WebRTC is told so', async ({ phones }) => {
  const alice = await phones.blank(ALICE, {
    before: (page) => page.addInitScript(() => Reflect.deleteProperty(window, 'RTCPeerConnection')),
  });
  await alice.logIn();
  await alice.says('This browser cannot make calls: it has no WebRTC.');
  await alice.isNotReady();
});

test('a refused registration is told, and tried again after a while', async ({ phones }) => {
  let asked = 0;
  const alice = await phones.blank(ALICE, {
    before: async (page) => {
      await installClock(page);
      await page.routeWebSocket(/\/sip(\?|$)/, (socket) => {
        const far = socket.connectToServer();
        socket.onMessage((message) => {
          const text = message.toString();
          if (text.startsWith('REGISTER ') && asked++ === 0) socket.send(refuse(text, 403, 'Forbidden'));
          else far.send(message);
        });
      });
    },
  });
  const bob = await phones.open(BOB, { tone: HIGH });
  await alice.logIn();
  await alice.says('The server does not let this phone in (SIP status 403).');
  // The phone waits for 15 to 45 seconds of its own clock before it asks again.
  for (let passed = 0; passed < 8; passed += 1) await secondPasses(alice.page);
  await alice.says('The server does not let this phone in (SIP status 403).');
  expect(asked, 'it does not ask again at once').toBe(1);
  for (let passed = 8; passed < 46 && asked < 2; passed += 1) await secondPasses(alice.page);
  await alice.isReady();
  expect(asked, 'and only once more').toBe(2);
  await alice.doesNotSay(/SIP status 403/);
  await makeGoodCall(bob, alice);
});

test('a server that cannot be reached from the start is told, and tried again', async ({ phones }) => {
  let cut = true;
  const alice = await phones.blank(ALICE, {
    before: (page) =>
      page.routeWebSocket(/\/sip(\?|$)/, (socket) => {
        if (cut) void socket.close({ code: 1011 });
        else socket.connectToServer();
      }),
  });
  const bob = await phones.open(BOB, { tone: HIGH });
  await alice.logIn();
  await alice.says(/The server cannot be reached/);
  cut = false;
  await alice.isReady();
  await makeGoodCall(bob, alice);
});
