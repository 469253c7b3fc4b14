import { test, expect, connect, makeGoodCall, talk, ALICE, BOB, LOW } from '../fixtures/test.ts';

test('logging out ends the session, and the back button does not bring the phone back', async ({ phones, server }) => {
  const alice = await phones.open(ALICE);
  const cookies = await alice.context.cookies();
  await alice.logOut();
  await expect(alice.page).toHaveURL(server.at('/login'));

  await alice.page.goBack();
  await expect(alice.button('Log in')).toBeVisible();
  await alice.doesNotSay(ALICE.name);

  // The session is gone on the server, and not only from this browser.
  await alice.context.addCookies(cookies);
  await alice.page.goto(server.at('/'));
  await expect(alice.page).toHaveURL(/\/login\?expired=1$/);
  await alice.says('You were logged out. Log in again.');
});

test('logging out unregisters: others see it at once', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  await alice.seesContact(BOB.name, /online/i);
  await bob.logOut();
  await alice.seesContact(BOB.name, /offline/i);
  await expect(bob.button('Log in')).toBeVisible();
});

test('logging out does not hang when the unregister gets no answer', async ({ phones, server }) => {
  const alice = await phones.open(ALICE, {
    before: (page) =>
      page.routeWebSocket(/\/sip(\?|$)/, (socket) => {
        const far = socket.connectToServer();
        socket.onMessage((message) => {
          if (!/^Expires: *0\s*$|;expires=0/im.test(message.toString())) far.send(message);
        });
      }),
  });
  await alice.logOut();
  await expect(alice.page).toHaveURL(server.at('/login'), { timeout: 5_000 });
});

test('logging out in a browser that only watches leaves the call in the other one alone', async ({ phones, server }) => {
  const [alice, bob] = await phones.pair();
  await connect(alice, bob);
  const peers = await alice.peersMade();
  const second = await phones.blank(ALICE, { tone: LOW });
  await second.logIn();
  await expect(second.button('Use the phone here')).toBeVisible();
  await expect(second.callWith(BOB)).toContainText('Connected');

  await second.logOut();
  await expect(second.page).toHaveURL(server.at('/login'));
  await talk(alice, bob);
  await Promise.all([alice.exchangesPackets(), bob.exchangesPackets()]);
  expect(await alice.peersMade(), 'the call was not even interrupted').toBe(peers);
  await alice.isReady();

  await bob.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
  await makeGoodCall(bob, alice);
});

test('logging out in a second tab of the browser that is in a call hangs up', async ({ phones, server }) => {
  const [alice, bob] = await phones.pair();
  await connect(alice, bob);
  const second = await phones.beside(alice);
  await expect(second.button('Use the phone here')).toBeVisible();

  await second.logOut();
  // At once: long before a silent connection would be given up.
  await bob.reads('They hung up.', 3_000);
  await bob.isFree();
  for (const tab of [alice, second]) await expect(tab.button('Log in')).toBeVisible();
  await bob.seesContact(ALICE.name, /offline/i);

  await alice.page.goto(server.at('/login'));
  await alice.fillIn(ALICE.extension, ALICE.password);
  await alice.isReady();
  await makeGoodCall(alice, bob);
});

test('who logs out while the server is down is told that they are still logged in', async ({ phones, server }) => {
  const alice = await phones.open(ALICE, { tone: LOW });
  alice.complaints.expect(/WebSocket|ERR_|status of 50\d/);
  await server.kill();
  await alice.says(/The server cannot be reached/);
  await alice.logOut();
  await alice.reads('You are still logged in: the server cannot be reached.');
  await expect(alice.page).toHaveURL(server.at('/'));

  await server.restart();
  await alice.logOut();
  await expect(alice.page).toHaveURL(server.at('/login'));
  await alice.page.goto(server.at('/'));
  await expect(alice.button('Log in')).toBeVisible();
});
