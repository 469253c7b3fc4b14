import { test, expect, talk, Server, ALICE, CAROL, HIGH, LOW } from '../peers/test.ts';

const THEY_ENDED_IT = /^Ended by remote: Terminated$/;

test('a JsSIP phone registers, calls a Tabphone and is called by it', async ({ phones, stranger }) => {
  const [alice, carol] = await Promise.all([phones.open(ALICE, { tone: LOW }), stranger('JsSIP', CAROL, { tone: HIGH })]);
  const talks = async () => {
    await talk(alice, carol);
    await alice.exchangesPackets();
  };
  await alice.seesContact(CAROL.name, /online/i);

  // It calls, and hangs up.
  await carol.dial(ALICE.extension);
  await expect(alice.button('Answer')).toBeVisible();
  await alice.says(CAROL.extension);
  await carol.hearsRinging();
  await alice.answer();
  await talks();
  await carol.hangUp();
  await alice.says('They hung up.');
  await alice.isFree();

  // It is called, and the Tabphone hangs up.
  await alice.dial(CAROL.extension);
  await carol.ringsFor(ALICE);
  await carol.answer();
  await talks();
  await alice.hangUp();
  await carol.sawItEnd(THEY_ENDED_IT);
  await alice.isFree();

  // It calls, and the Tabphone hangs up.
  await carol.press('Call');
  await alice.answer();
  await talks();
  await alice.hangUp();
  await carol.sawItEnd(THEY_ENDED_IT);
  await alice.isFree();

  // It is called, and hangs up.
  await alice.dial(CAROL.extension);
  await carol.answer();
  await talks();
  await carol.hangUp();
  await alice.says('They hung up.');
  await alice.isFree();
});

test('a JsSIP phone declines, is declined, and cancels', async ({ phones, stranger }) => {
  const [alice, carol] = await Promise.all([phones.open(ALICE, { tone: LOW }), stranger('JsSIP', CAROL, { tone: HIGH })]);

  await alice.dial(CAROL.extension);
  await carol.decline();
  await alice.says('They declined the call.');
  await alice.isFree();

  await carol.dial(ALICE.extension);
  await alice.decline();
  await carol.sawItEnd(/^Ended by remote: Rejected$/);
  await alice.isFree();

  await carol.press('Call');
  await expect(alice.button('Answer')).toBeVisible();
  await carol.cancel();
  await alice.says('Missed call: they hung up before you answered.');
  await alice.isFree();
});

test('a JsSIP phone rings beside the tab of the same extension, and takes the call', async ({ phones, stranger }) => {
  const [alice, carol, other] = await Promise.all([
    phones.open(ALICE, { tone: LOW }),
    phones.open(CAROL, { tone: LOW }),
    stranger('JsSIP', CAROL, { tone: HIGH }),
  ]);
  await alice.dial(CAROL.extension);
  await carol.ringsFor(ALICE);
  await other.answer();
  await carol.says('The call was answered on another of your phones.');
  await carol.isFree();
  await talk(alice, other);
  await alice.hangUp();
  await alice.isFree();
});

test('a call that takes the place of another goes on without a click, muted as it was', async ({ phones, stranger }) => {
  const [alice, carol] = await Promise.all([phones.open(ALICE, { tone: LOW }), stranger('JsSIP', CAROL, { tone: HIGH })]);
  await carol.dial(ALICE.extension);
  await alice.answer();
  await talk(alice, carol);
  await alice.mute();

  const before = await alice.peersMade();
  await carol.press('Take the place');
  await expect.poll(() => alice.peersMade(), { message: 'the new call has its own connection' }).toBe(before + 1);
  await expect(carol.page.locator('#call')).toHaveText('Connected');
  await expect(alice.button('Hang up')).toHaveCount(1);
  await alice.hears(carol);
  await expect(alice.button('Unmute')).toBeVisible();
  await alice.doesNotSay('They hung up.');
  await alice.unmute();
  await carol.hears(alice);

  await alice.hangUp();
  await carol.sawItEnd(THEY_ENDED_IT);
  await alice.isFree();
});

test('a JsSIP phone with a wrong password is refused', async ({ phones, server, site }) => {
  const { page } = await phones.page({ tone: HIGH });
  await page.goto(site.page('JsSIP', { ...CAROL, password: 'not the password' }, server.at('/sip', 'ws')));
  await expect(page.getByRole('status')).toHaveText(/Refused/);
});

test.describe('a page of an origin that was not allowed', () => {
  test('does not even get a socket', async ({ phones, template, site }) => {
    const strict = await Server.start({ from: template });
    try {
      const { page, complaints } = await phones.page({ tone: HIGH });
      complaints.expect(/WebSocket connection to .* failed/);
      await page.goto(site.page('JsSIP', CAROL, strict.at('/sip', 'ws')));
      await expect(page.getByRole('status')).toHaveText('Disconnected');
    } finally {
      await strict.dispose();
    }
  });
});
