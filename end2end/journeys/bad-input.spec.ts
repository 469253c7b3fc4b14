import { test, expect, connect, ALICE, type Phone, type Server } from '../fixtures/test.ts';
import { options, token } from '../fixtures/sip.ts';
import { frame, knock, open, Opcode, Wire, type Knock } from '../fixtures/wire.ts';

/** What a browser would send along from this page. */
async function credentials(phone: Phone): Promise<{ origin: string; cookie: string }> {
  const cookies = await phone.context.cookies();
  return { origin: new URL(phone.page.url()).origin, cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') };
}

async function refusal(how: Knock): Promise<{ status: number; body: string }> {
  const answer = await knock(how);
  if (answer instanceof Wire) {
    answer.drop();
    throw new Error('the door opened');
  }
  return { status: answer.status, body: answer.body };
}

/** A wire that anybody may open: from a program that is no browser, and has to prove itself in every request. */
async function stranger(server: Server): Promise<Wire> {
  return await open({ url: server.at('/sip'), protocol: 'sip' });
}

/** The server is well: a stranger gets an answer. */
async function isWell(server: Server): Promise<void> {
  const wire = await stranger(server);
  wire.send(options());
  await wire.receives(/^SIP\/2\.0 [2-4]\d\d /);
  wire.drop();
}

test('who may not open a SIP socket is told why, in the order of the rules', async ({ phones, server }) => {
  const alice = await phones.open(ALICE);
  const { origin, cookie } = await credentials(alice);
  const url = server.at('/sip?epoch=1');

  const foreign = await refusal({ url, protocol: 'sip', origin: 'https://evil.invalid', cookie });
  expect(foreign.status, 'a foreign origin, even with a session').toBe(403);
  expect(foreign.body).toMatch(/origin/i);

  const without = await refusal({ url, origin, cookie });
  expect(without.status, 'no subprotocol').toBe(400);
  expect(without.body).toMatch(/subprotocol/i);

  const other = await refusal({ url, origin, cookie, protocol: 'chat' });
  expect(other.status, 'another subprotocol').toBe(400);

  const nobody = await refusal({ url, origin, protocol: 'sip' });
  expect(nobody.status, 'our own origin, but no session').toBe(401);

  const forged = await refusal({ url, origin, protocol: 'sip', cookie: cookie.replace(/=[^;]*/g, '=AAAAAAAAAAAAAAAAAAAAAA') });
  expect(forged.status, 'a session that was made up').toBe(401);

  for (const epoch of ['0', '999999']) {
    const stale = await refusal({ url: server.at(`/sip?epoch=${epoch}`), origin, cookie, protocol: 'sip' });
    expect(stale.status, `an epoch that is not the line's: ${epoch}`).toBe(409);
  }
  await alice.isReady();
});

test('who may not open a tab socket is told why', async ({ phones, server }) => {
  const alice = await phones.open(ALICE);
  const { origin, cookie } = await credentials(alice);
  const url = server.at('/line');
  const protocol = 'tabphone.line';
  expect((await refusal({ url, protocol, origin: 'https://evil.invalid', cookie })).status).toBe(403);
  expect((await refusal({ url, protocol, origin })).status).toBe(401);
  await alice.isReady();
});

/**
 * What has to come of a rude message: the status of the response that refuses it (RFC 3261 21, RFC 4475); the code that
 * the connection is closed with (RFC 6455 7.4); or nothing, when it does not say whom an answer would go to (RFC 3261
 * 8.2.6 takes Via, From, To, Call-ID and CSeq from the request).
 */
type Outcome = { readonly status: number } | { readonly close: number } | 'dropped';

const RUDE: readonly { what: string; send: (wire: Wire) => void; outcome: Outcome }[] = [
  { what: 'words that are not SIP', send: (wire) => wire.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), outcome: 'dropped' },
  { what: 'a start line without a Request-URI', send: (wire) => wire.send(options().replace('sip:tabphone SIP', ' SIP')), outcome: { status: 400 } },
  { what: 'a request without CSeq', send: (wire) => wire.send(options().replace(/CSeq:.*\r\n/, '')), outcome: { status: 400 } },
  { what: 'a length that is more than there is', send: (wire) => wire.send(options().replace('Content-Length: 0', 'Content-Length: 5000')), outcome: { status: 400 } },
  { what: 'two lengths that differ', send: (wire) => wire.send(late('Content-Length: 5000\r\n')), outcome: { status: 400 } },
  { what: 'a length that is no number', send: (wire) => wire.send(options().replace('Content-Length: 0', 'Content-Length: -1')), outcome: { status: 400 } },
  { what: 'SIP of another version', send: (wire) => wire.send(options().replace(/SIP\/2\.0\r\n/, 'SIP/7.0\r\n')), outcome: { status: 505 } },
  { what: 'an address that is none', send: (wire) => wire.send(options().replace(/^From:.*$/m, 'From: <<<<>;;;tag=')), outcome: { status: 400 } },
  { what: 'a NUL in a header', send: (wire) => wire.send(options().replace('Max-Forwards', 'Subject: a\0b\r\nMax-Forwards')), outcome: { status: 400 } },
  { what: 'a header that is too long', send: (wire) => wire.send(late(`Subject: ${'a'.repeat(40_000)}\r\n`)), outcome: { status: 513 } },
  { what: 'a header that hides who asks behind its length', send: (wire) => wire.send(options().replace('Max-Forwards', `Subject: ${'a'.repeat(40_000)}\r\nMax-Forwards`)), outcome: 'dropped' },
  { what: 'ten thousand headers', send: (wire) => wire.send(late('A: b\r\n'.repeat(10_000))), outcome: { status: 513 } },
  { what: 'a message that is cut off after its CSeq', send: (wire) => wire.send(options().replace(/Content-Length[^]*/, '')), outcome: { status: 400 } },
  { what: 'a message that is cut off before it says who asks', send: (wire) => wire.send(options().replace(/From:[^]*/, '')), outcome: 'dropped' },
  { what: 'a message of a megabyte', send: (wire) => wire.send(options({ body: 'x'.repeat(1_000_000) })), outcome: { close: 1009 } },
  { what: 'a frame that claims to be endless', send: (wire) => wire.sendRaw(frame(Opcode.Binary, Buffer.from('x'), { claimed: 2 ** 52 })), outcome: { close: 1009 } },
  { what: 'text that is not UTF-8', send: (wire) => wire.send(Buffer.from([0xc3, 0x28, 0xff, 0xfe]), Opcode.Text), outcome: { close: 1002 } },
  { what: 'bytes at random', send: (wire) => wire.send(Buffer.from(Array.from({ length: 2000 }, (_, n) => (n * 7919) % 256))), outcome: 'dropped' },
  { what: 'a call in the name of another', send: (wire) => wire.send(call()), outcome: { status: 407 } },
  { what: 'a registration in the name of another', send: (wire) => wire.send(register()), outcome: { status: 401 } },
];

test('rude messages are refused, and the call beside them goes on', async ({ phones, server }) => {
  test.setTimeout(120_000);
  const [alice, bob] = await phones.pair();
  await connect(alice, bob);

  for (const { what, send, outcome } of RUDE) {
    await test.step(what, async () => {
      const wire = await stranger(server);
      send(wire);
      await comesTo(wire, outcome);
      wire.drop();
    });
  }
  await test.step('a message in pieces, whose end never comes', async () => {
    const wire = await stranger(server);
    wire.sendRaw(frame(Opcode.Text, Buffer.from(options().slice(0, 50)), { fin: false }));
    wire.drop();
  });
  await test.step('a good message in a binary frame, and in pieces', async () => {
    const wire = await stranger(server);
    wire.send(Buffer.from(options()));
    await wire.receives(/^SIP\/2\.0 [2-4]\d\d /);
    const whole = options();
    wire.sendRaw(frame(Opcode.Text, Buffer.from(whole.slice(0, 50)), { fin: false }));
    wire.sendRaw(frame(Opcode.Continuation, Buffer.from(whole.slice(50))));
    await wire.receives(/^SIP\/2\.0 [2-4]\d\d /);
    wire.drop();
  });

  await isWell(server);
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await Promise.all([alice.exchangesPackets(), bob.exchangesPackets()]);
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

/** This and nothing else comes back; where the connection is not closed, it serves the next request. */
async function comesTo(wire: Wire, outcome: Outcome): Promise<void> {
  if (outcome !== 'dropped' && 'close' in outcome) {
    expect(await wire.closes()).toEqual({ code: outcome.close });
    return;
  }
  if (outcome !== 'dropped') {
    expect(await wire.receives(/^SIP\/2\.0 /)).toMatch(new RegExp(`^SIP/2\\.0 ${outcome.status} `));
  }
  const branch = token();
  wire.send(options({ branch }));
  await wire.receives(new RegExp(branch));
  expect(wire.unread).toEqual([]);
}

/** A request in order, with something more after all that an answer repeats. */
function late(more: string): string {
  return options().replace('Content-Length', `${more}Content-Length`);
}

function call(): string {
  return options({ to: `sip:${ALICE.extension}@tabphone` })
    .replaceAll('OPTIONS', 'INVITE')
    .replace(/^From:.*$/m, `From: "The boss" <sip:1002@tabphone>;tag=${token()}`)
    .replace('Max-Forwards', 'Contact: <sip:rude@rude.invalid;transport=ws>\r\nMax-Forwards');
}

function register(): string {
  return options()
    .replaceAll('OPTIONS', 'REGISTER')
    .replace(/^From:.*$/m, `From: <sip:${ALICE.extension}@tabphone>;tag=${token()}`)
    .replace(/^To:.*$/m, `To: <sip:${ALICE.extension}@tabphone>`)
    .replace('Max-Forwards', 'Contact: <sip:rude@rude.invalid;transport=ws>\r\nMax-Forwards');
}
