import type { Page } from '@playwright/test';
import { test as base, expect, Server, ALICE, CAROL, HIGH, LOW } from '../fixtures/test.ts';
import { hears } from '../fixtures/ears.ts';
import { PeerSite } from '../peers/site.ts';

const test = base.extend<object, { site: PeerSite }>({
  site: [
    async ({}, use) => {
      const site = await PeerSite.start();
      await use(site);
      await site.stop();
    },
    { scope: 'worker' },
  ],
  server: async ({ template, site }, use, testInfo) => {
    const server = await Server.start({ from: template, args: ['--allow-origin', site.origin] });
    await use(server);
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach('server.log', { body: server.output, contentType: 'text/plain' });
    }
    await server.dispose();
  },
});

/** The stranger's phone, opened and registered with the digest of Carol's password. */
async function register(page: Page, site: PeerSite, server: Server): Promise<void> {
  await page.goto(site.page('JsSIP', CAROL, server.at('/sip', 'ws')));
  await expect(page.getByRole('status')).toHaveText('Ready');
}

test('a JsSIP phone registers, calls a Tabphone and is called by it', async ({ phones, server, site }) => {
  const alice = await phones.open(ALICE, { tone: LOW });
  const { page } = await phones.page({ tone: HIGH });
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const talk = async () => {
    await alice.inCall();
    await Promise.all([alice.hears({ tone: HIGH }), hears(page, LOW, 'the JsSIP phone')]);
    await alice.exchangesPackets();
  };
  const call = page.locator('#call');
  await register(page, site, server);
  await alice.seesContact(CAROL.name, /online/i);

  // It calls, and hangs up.
  await page.getByLabel('Number to call').fill(ALICE.extension);
  await press('Call');
  await expect(alice.button('Answer')).toBeVisible();
  await alice.says(CAROL.extension);
  await expect(call).toHaveText('Ringing…');
  await alice.answer();
  await talk();
  await press('Hang up');
  await alice.says('They hung up.');
  await alice.isFree();

  // It is called, and the Tabphone hangs up.
  await alice.dial(CAROL.extension);
  await expect(call).toContainText(`${ALICE.name} ${ALICE.extension} is calling`);
  await press('Answer');
  await talk();
  await alice.hangUp();
  await expect(call).toHaveText('Ended by remote: Terminated');
  await alice.isFree();

  // It calls, and the Tabphone hangs up.
  await press('Call');
  await alice.answer();
  await talk();
  await alice.hangUp();
  await expect(call).toHaveText('Ended by remote: Terminated');
  await alice.isFree();

  // It is called, and hangs up.
  await alice.dial(CAROL.extension);
  await press('Answer');
  await talk();
  await press('Hang up');
  await alice.says('They hung up.');
  await alice.isFree();
});

test('a JsSIP phone declines, is declined, and cancels', async ({ phones, server, site }) => {
  const alice = await phones.open(ALICE, { tone: LOW });
  const { page } = await phones.page({ tone: HIGH });
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const call = page.locator('#call');
  await register(page, site, server);

  await alice.dial(CAROL.extension);
  await press('Decline');
  await alice.says('They declined the call.');
  await alice.isFree();

  await page.getByLabel('Number to call').fill(ALICE.extension);
  await press('Call');
  await alice.decline();
  await expect(call).toHaveText('Ended by remote: Rejected');
  await alice.isFree();

  await press('Call');
  await expect(alice.button('Answer')).toBeVisible();
  await press('Cancel');
  await alice.says('Missed call: they hung up before you answered.');
  await alice.isFree();
});

test('a JsSIP phone rings beside the tab of the same extension, and takes the call', async ({ phones, server, site }) => {
  const alice = await phones.open(ALICE, { tone: LOW });
  const carol = await phones.open(CAROL, { tone: LOW });
  const { page } = await phones.page({ tone: HIGH });
  await register(page, site, server);
  await alice.dial(CAROL.extension);
  await carol.ringsFor(ALICE);
  await page.getByRole('button', { name: 'Answer', exact: true }).click();
  await carol.says('The call was answered on another of your phones.');
  await carol.isFree();
  await Promise.all([alice.hears({ tone: HIGH }), hears(page, LOW, 'the JsSIP phone')]);
  await alice.hangUp();
  await alice.isFree();
});

test('a call that takes the place of another goes on without a click, muted as it was', async ({ phones, server, site }) => {
  const alice = await phones.open(ALICE, { tone: LOW });
  const { page } = await phones.page({ tone: HIGH });
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  await register(page, site, server);
  await page.getByLabel('Number to call').fill(ALICE.extension);
  await press('Call');
  await alice.answer();
  await Promise.all([alice.hears({ tone: HIGH }), hears(page, LOW, 'the JsSIP phone')]);
  await alice.mute();

  const before = await alice.peersMade();
  await press('Take the place');
  await expect.poll(() => alice.peersMade(), { message: 'the new call has its own connection' }).toBe(before + 1);
  await expect(page.locator('#call')).toHaveText('Connected');
  await expect(alice.button('Hang up')).toHaveCount(1);
  await alice.hears({ tone: HIGH });
  await expect(alice.button('Unmute')).toBeVisible();
  await alice.doesNotSay('They hung up.');
  await alice.unmute();
  await hears(page, LOW, 'the JsSIP phone');

  await alice.hangUp();
  await expect(page.locator('#call')).toHaveText('Ended by remote: Terminated');
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
