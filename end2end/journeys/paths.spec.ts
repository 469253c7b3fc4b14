/** Which way sound goes: over a relay, as an administrator set it, and past servers that say nothing. */

import type { Page } from '@playwright/test';
import { test as base, expect, connect, talk, ALICE, BOB, HIGH, LOW } from '../fixtures/test.ts';
import { path, sent } from '../fixtures/paths.ts';
import { Mute, Turn } from '../fixtures/turn.ts';

interface Fixtures {
  /** Whether the server and coturn have the same secret. */
  same: boolean;
  turn: Turn;
}

const relayed = base.extend<Fixtures>({
  same: [true, { option: true }],
  turn: async ({}, use) => {
    const turn = await Turn.start();
    await use(turn);
    await turn.stop();
  },
  serve: async ({ turn, same }, use) => {
    await use(['--turn-server', turn.url, '--turn-secret-file', same ? turn.secretFile : turn.wrongFile]);
  },
});

const muted = base.extend<{ mute: Mute }>({
  mute: async ({}, use) => {
    const mute = await Mute.start();
    await use(mute);
    mute.stop();
  },
  serve: async ({ mute }, use) => await use(['--ice-server', mute.url]),
});

relayed('who is to be relayed talks over the relay only, with a credential of their own', async ({ phones, server }) => {
  await server.command('policy', 'set', '--ice', 'relay');
  const configured: RTCConfiguration[] = [];
  const spy = async (page: Page) => {
    await page.exposeFunction('configured', (json: string) => configured.push(JSON.parse(json) as RTCConfiguration));
    await page.addInitScript(() => {
      const Native = window.RTCPeerConnection;
      window.RTCPeerConnection = class extends Native {
        constructor(configuration?: RTCConfiguration) {
          super(configuration);
          void (window as unknown as { configured(json: string): Promise<void> }).configured(JSON.stringify(configuration));
        }
      };
    });
  };
  const [alice, bob] = await Promise.all([phones.open(ALICE, { tone: LOW, before: spy }), phones.open(BOB, { tone: HIGH })]);
  await connect(alice, bob);
  expect(await path(alice)).toEqual(['relay', 'relay']);
  expect(await path(bob)).toEqual(['relay', 'relay']);
  expect(configured.length).toBeGreaterThan(0);
  for (const { iceTransportPolicy, iceServers } of configured) {
    expect(iceTransportPolicy).toBe('relay');
    expect(iceServers?.[0]?.username).toMatch(/^\d{10}:1001$/);
  }
  expect(server.output).not.toContain('the north wind');
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

relayed('a policy that changes while pages are open is followed by the next call', async ({ phones, server }) => {
  const [alice, bob] = await phones.pair();
  await connect(alice, bob);
  expect((await path(alice))[0]).not.toBe('relay');
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);

  await server.command('policy', 'set', '--for', ALICE.extension, '--ice', 'relay');
  await expect
    .poll(async () => {
      await connect(alice, bob);
      const [ours] = await path(alice);
      await alice.hangUp();
      await Promise.all([alice.isFree(), bob.isFree()]);
      return ours;
    })
    .toBe('relay');
});

relayed.describe('with a wrong secret', () => {
  relayed.use({ same: false });

  relayed('who is to be relayed is told why there is no call', async ({ phones, server }) => {
    await server.command('policy', 'set', '--ice', 'relay');
    const [alice, bob] = await phones.pair();
    await alice.dial(BOB.extension);
    await alice.says('Calls of this phone go over a relay, and no relay took this one.');
    await alice.says(/TURN server cannot be reached, or refuses its credentials/);
    await alice.isFree();
    await bob.isFree();
  });

  relayed('who may go any way talks without the relay', async ({ phones }) => {
    const [alice, bob] = await phones.pair();
    await connect(alice, bob);
    expect(await path(alice)).not.toContain('relay');
    await bob.hangUp();
    await Promise.all([alice.isFree(), bob.isFree()]);
  });
});

muted('a server that says nothing costs a call less than a second', async ({ phones }) => {
  const [alice, bob] = await phones.pair();
  const connected = async () => {
    const begun = Date.now();
    await alice.dial(BOB.extension);
    await bob.ringsFor(ALICE);
    const rang = Date.now();
    await bob.answer();
    await Promise.all([alice.exchangesPackets(), bob.exchangesPackets()]);
    return { rang: rang - begun, connected: Date.now() - rang };
  };
  // The first one may come when the pages have just begun to look for their ways.
  const { rang, connected: answered } = await connected();
  expect(rang).toBeLessThan(3_000);
  expect(answered).toBeLessThan(3_000);
  await talk(alice, bob);
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});

base('codecs and bandwidths are as an administrator set them', async ({ phones, server }) => {
  await server.command('policy', 'set', '--codecs', 'PCMA,opus', '--without-codecs', 'G722', '--audio-bandwidth', '80');
  const said: string[][] = [];
  const [alice, bob] = await Promise.all([
    phones.open(ALICE, { tone: LOW, before: async (page) => void said.push(sent(page)) }),
    phones.open(BOB, { tone: HIGH }),
  ]);
  await connect(alice, bob);
  const codec = async () =>
    await alice.page.evaluate(async () => {
      const peer = window.probe.peers.at(-1);
      const stats = [...((await peer?.getStats())?.values() ?? [])];
      const flow = stats.find((stat) => stat.type === 'outbound-rtp');
      const sender = peer?.getSenders()[0]?.getParameters().encodings[0]?.maxBitrate;
      return [stats.find((stat) => stat.id === flow?.codecId)?.mimeType, sender];
    });
  // Browsers tell it with the first packet.
  await expect.poll(codec).toEqual(['audio/PCMA', 80_000]);
  const invite = said.flat().find((message) => message.startsWith('INVITE ')) ?? '';
  expect(invite).toMatch(/b=AS:80\r\nb=TIAS:80000\r\n/);
  expect(invite).not.toMatch(/G722|a=rtpmap:\d+ CN/);
  expect(invite).toMatch(/m=audio \d+ \S+ 8 /);
  // Nor does the browser itself think of comfort noise.
  expect(await alice.page.evaluate(() => window.probe.peers.at(-1)?.localDescription?.sdp)).not.toContain('CN/8000');
  await alice.hangUp();
  await Promise.all([alice.isFree(), bob.isFree()]);
});
