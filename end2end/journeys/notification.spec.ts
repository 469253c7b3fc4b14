/** A call that rings while nobody looks at the page is shown with Answer and Decline. */

import { test, expect, talk, ALICE, BOB, HIGH, LOW, type Phone } from '../fixtures/test.ts';

/**
 * From now on the worker tells when a notification is up. Who asks a browser for its notifications while one is on its way to the
 * screen makes it forget that one: it takes away what is not on the screen.
 */
async function watchNotifications(phone: Phone): Promise<void> {
  const [worker] = phone.context.serviceWorkers();
  if (worker === undefined) throw new Error('there is no service worker');
  await worker.evaluate(() => {
    const scope = globalThis as unknown as Shows & { registration: ServiceWorkerRegistration };
    const show = scope.registration.showNotification.bind(scope.registration);
    scope.shows = 0;
    scope.registration.showNotification = async (title, options) => {
      await show(title, options);
      scope.shows += 1;
    };
  });
}

/** What the watched worker counts: how many notifications it has shown so far. */
interface Shows {
  shows: number;
}

async function shows(phone: Phone): Promise<number> {
  const [worker] = phone.context.serviceWorkers();
  return (await worker?.evaluate(() => (globalThis as unknown as Shows).shows)) ?? 0;
}

/** The notifications that the browser shows for this page. */
async function shown(phone: Phone): Promise<{ title: string; actions: string[] }[]> {
  return await phone.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    const notifications = (await registration?.getNotifications()) ?? [];
    // What TypeScript's own library does not know yet.
    return notifications.map((one) => ({
      title: one.title,
      actions: (one as Notification & { actions: { title: string }[] }).actions.map(({ title }) => title),
    }));
  });
}

/** What a browser does when somebody presses this button of the notification. */
async function pressInNotification(phone: Phone, action: string): Promise<void> {
  const [worker] = phone.context.serviceWorkers();
  if (worker === undefined) throw new Error('there is no service worker');
  await worker.evaluate(async (action) => {
    interface Worker extends EventTarget {
      registration: ServiceWorkerRegistration;
    }
    const scope = globalThis as unknown as Worker;
    const [notification] = await scope.registration.getNotifications();
    const Made = (globalThis as unknown as { NotificationEvent: new (type: string, init: object) => Event }).NotificationEvent;
    scope.dispatchEvent(new Made('notificationclick', { notification, action }));
  }, action);
}

async function looksAway(phone: Phone, away: boolean): Promise<void> {
  await phone.page.evaluate((away) => {
    document.hasFocus = () => !away;
  }, away);
}

test('a call is answered and another declined in the notification', async ({ phones }) => {
  const [alice, bob] = await Promise.all([
    phones.open(ALICE, { tone: LOW, context: { permissions: ['microphone', 'notifications'] } }),
    phones.open(BOB, { tone: HIGH }),
  ]);
  await expect.poll(() => alice.page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state)).toBe('activated');

  await test.step('who looks at the page needs none', async () => {
    await bob.dial(ALICE.extension);
    await alice.ringsFor(BOB);
    await expect(alice.page.locator('link[rel=icon]')).toHaveAttribute('href', '/favicon-ringing.svg');
    expect(await shown(alice)).toEqual([]);
    await bob.cancel();
    await alice.says(/Missed call/);
    await expect(alice.page.locator('link[rel=icon]')).toHaveAttribute('href', '/favicon.svg');
  });
  await looksAway(alice, true);
  await watchNotifications(alice);
  await test.step('it is taken away when the caller gives up', async () => {
    await bob.dial(ALICE.extension);
    await expect.poll(() => shows(alice)).toBe(1);
    await expect.poll(() => shown(alice)).toEqual([{ title: `${BOB.name} is calling`, actions: ['Answer', 'Decline'] }]);
    await bob.cancel();
    await expect.poll(() => shown(alice)).toEqual([]);
  });
  await test.step('it is declined', async () => {
    await bob.dial(ALICE.extension);
    await expect.poll(() => shows(alice)).toBe(2);
    await pressInNotification(alice, 'decline');
    await bob.says('They declined the call.');
    await expect.poll(() => shown(alice)).toEqual([]);
  });
  await test.step('it is answered', async () => {
    await bob.dial(ALICE.extension);
    await expect.poll(() => shows(alice)).toBe(3);
    await pressInNotification(alice, 'answer');
    await talk(alice, bob);
    expect(await shown(alice)).toEqual([]);
  });
  await bob.hangUp();
});

test('nobody is asked for leave unasked, and no service worker is there before it is given', async ({ phones }) => {
  const alice = await phones.open(ALICE, { tone: LOW });
  expect(await alice.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
  const response = await alice.page.request.get(alice.server.at('/sw.js'));
  expect(response.headers()['content-type']).toContain('javascript');
  expect(response.headers()['cache-control']).toBe('no-cache');
});
