// Shows a call that rings as a notification with buttons, and tells the page that asked which one was pressed; and messages,
// whose conversation a click opens.
// It answers no request and keeps nothing: the phone is always the server's.
'use strict';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

// One after another: a notification that is taken away while it is on its way to the screen would stay there.
let last = Promise.resolve();

// From a page: [call, title] to show it, [call] to take it away, [number, title, text] for a message.
self.addEventListener('message', (event) => {
  const [call, title, text] = Array.isArray(event.data) ? event.data : [];
  if (typeof call !== 'string' || !event.source) return;
  const page = event.source.id;
  const does = () => {
    if (text !== undefined) return showMessage(call, String(title), String(text), page);
    return title === undefined ? takeAway(call) : show(call, String(title), page);
  };
  last = last.then(does).catch(() => {});
  event.waitUntil(last);
});

self.addEventListener('notificationclick', (event) => {
  const { notification, action } = event;
  const { call, page, to } = notification.data ?? {};
  notification.close();
  if (to !== undefined) return event.waitUntil(open(page, to));
  event.waitUntil(tell(page, call, action));
});

function show(call, title, page) {
  return self.registration.showNotification(title, {
    tag: call,
    data: { call, page },
    icon: '/favicon.svg',
    requireInteraction: true,
    // The page rings.
    silent: true,
    actions: [
      { action: 'answer', title: 'Answer' },
      { action: 'decline', title: 'Decline' },
    ],
  });
}

function showMessage(from, title, body, page) {
  const to = `/messages/${encodeURIComponent(from)}`;
  return self.registration.showNotification(title, { tag: to, renotify: true, body, icon: '/favicon.svg', data: { page, to } });
}

// The page goes there by itself: it may be in a call, and is not loaded anew.
async function open(id, to) {
  const page = id === undefined ? undefined : await self.clients.get(id);
  page?.postMessage([to]);
  await (page ? page.focus() : self.clients.openWindow(to)).catch(() => {});
}

async function takeAway(call) {
  for (const notification of await self.registration.getNotifications({ tag: call })) notification.close();
}

async function tell(id, call, action) {
  const page = id === undefined ? undefined : await self.clients.get(id);
  page?.postMessage([call, action]);
  if (action === 'decline' && page) return;
  // A browser may not let it come to the front; the call is answered all the same.
  await (page ? page.focus() : self.clients.openWindow('/')).catch(() => {});
}
