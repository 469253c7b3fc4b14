/** A phone page on JsSIP: a stranger's RFC 7118 client. */

import { UA, WebSocketInterface } from 'jssip';
import type { EndEvent, IncomingDTMFEvent, IncomingInfoEvent, OutgoingDTMFEvent, OutgoingInfoEvent, ReferEvent, RTCSession } from 'jssip/lib/RTCSession.js';
import type { IncomingMessageEvent, OutgoingMessageEvent, RTCSessionEvent } from 'jssip/lib/UA.js';
import { Screen, iceServers, keyOf, video, type Call, type Keys, type Library, type Owner } from './softphone.ts';

const media: { mediaConstraints: MediaStreamConstraints; pcConfig?: RTCConfiguration } = { mediaConstraints: { audio: true, video } };
/** How long a key sounds, milliseconds. */
const SOUNDS = 400;

class JsSipCall implements Call {
  constructor(
    readonly session: RTCSession,
    private readonly agent: UA,
    private readonly screen: Screen,
  ) {}

  answer(): void {
    this.session.answer(media);
  }

  decline(): void {
    this.session.terminate({ status_code: 603 });
  }

  cancel(): void {
    this.session.terminate();
  }

  hangUp(): void {
    this.session.terminate();
  }

  hold(): void {
    this.session.hold({}, () => this.screen.log('hold accepted'));
  }

  resume(): void {
    this.session.unhold();
  }

  mute(muted: boolean): void {
    if (muted) this.session.mute({ audio: true });
    else this.session.unmute({ audio: true });
  }

  send(keys: string, how: Keys): void {
    const transportType = { RTP: 'RFC2833', INFO: 'INFO' }[how] as never;
    this.session.sendDTMF(keys, { transportType, duration: SOUNDS });
  }

  transfer(to: string | Call): void {
    const eventHandlers = {
      requestSucceeded: () => this.screen.log('transfer taken'),
      accepted: () => this.session.terminate(),
      failed: ({ status_line }: { status_line: { status_code: number } }) => this.screen.log(`transfer failed: ${status_line.status_code}`),
      requestFailed: ({ cause }: { cause: string }) => this.screen.log(`transfer refused: ${cause}`),
    };
    if (to instanceof JsSipCall) this.session.refer(to.session.remote_identity.uri.toString(), { replaces: to.session, eventHandlers });
    else this.session.refer(to as string, { eventHandlers });
  }

  wantPicture(): void {
    const body = '<?xml version="1.0"?><media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder></vc_primitive></media_control>';
    this.session.sendInfo('application/media_control+xml', body);
  }

  ask(): void {
    const eventHandlers = {
      onSuccessResponse: ({ status_code }: { status_code: number }) => this.screen.log(`asked: ${status_code}`),
      onErrorResponse: ({ status_code }: { status_code: number }) => this.screen.log(`asked: ${status_code}`),
      onRequestTimeout: () => this.screen.log('asked: nobody answers'),
    };
    const { session } = this as unknown as { session: { sendRequest(method: string, options: object): void } };
    session.sendRequest('OPTIONS', { eventHandlers });
  }

  /** JsSIP says it only of calls that it transfers. */
  replace(number: string): void {
    const { _dialog } = this.session as unknown as { _dialog: { id: { call_id: string; local_tag: string; remote_tag: string } } };
    const { call_id, local_tag, remote_tag } = _dialog.id;
    this.agent.call(number, { ...media, extraHeaders: [`Replaces: ${call_id};to-tag=${remote_tag};from-tag=${local_tag}`] });
  }
}

Screen.for((screen: Screen, owner: Owner): Library => {
  media.pcConfig = { iceServers: iceServers(owner) };
  const agent = new UA({
    sockets: [new WebSocketInterface(owner.socket)],
    uri: `sip:${owner.extension}@${owner.domain}`,
    password: owner.password,
    display_name: owner.name,
    connection_recovery_min_interval: 1,
    connection_recovery_max_interval: 2,
  });
  /** Calls that take the place of one that is up: nobody is asked again. */
  const replacing = new WeakSet<RTCSession>();

  agent.on('registered', () => (screen.status = 'Ready'));
  agent.on('unregistered', () => (screen.status = 'Not registered'));
  agent.on('disconnected', () => (screen.status = 'Disconnected'));
  agent.on('registrationFailed', ({ cause }) => (screen.status = `Refused: ${cause}`));
  agent.on('newMessage', ({ originator, message, request }: IncomingMessageEvent | OutgoingMessageEvent) => {
    if (originator !== 'remote') return;
    screen.log(`message from ${message.remote_identity.uri.user}: ${request.body}`);
  });
  agent.on('newRTCSession', ({ session }: RTCSessionEvent) => {
    const incoming = session.direction === 'incoming';
    const call = new JsSipCall(session, agent, screen);
    const { display_name, uri } = session.remote_identity;
    const card = screen.opens(call, incoming ? `${display_name} ${uri.user}` : undefined);
    if (incoming) session.on('peerconnection', ({ peerconnection }) => card.plays(peerconnection));
    else card.plays(session.connection);
    session.on('progress', () => {
      if (!incoming) card.rings();
    });
    session.on('confirmed', () => card.up());
    session.on('hold', ({ originator }) => card.holds(originator === 'local' ? 'here' : 'there', true));
    session.on('unhold', ({ originator }) => card.holds(originator === 'local' ? 'here' : 'there', false));
    session.on('newDTMF', ({ originator, dtmf }: IncomingDTMFEvent | OutgoingDTMFEvent) => {
      if (originator === 'remote') screen.log(`key by INFO: ${dtmf.tone}`);
      else (dtmf as unknown as { on(event: string, then: () => void): void }).on('succeeded', () => screen.log(`key taken: ${dtmf.tone}`));
    });
    session.on('newInfo', ({ originator, info }: IncomingInfoEvent | OutgoingInfoEvent) => {
      if (originator !== 'remote') return;
      screen.log(info.contentType === 'application/media_control+xml' ? 'asked for a picture' : `key by INFO: ${keyOf(info.body)}`);
    });
    session.on('refer', ({ request, accept }: ReferEvent) => {
      screen.log(`referred to ${request.getHeader('Refer-To')}`);
      accept(null, media);
    });
    session.on('replaces', ({ accept }: ReferEvent) => accept((next: RTCSession) => void replacing.add(next)));
    for (const failed of ['setremotedescriptionfailed', 'setlocaldescriptionfailed', 'createanswerfailed', 'createofferfailed']) {
      session.on(`peerconnection:${failed}` as never, ((error: Error) => screen.log(`${failed}: ${error.message}`)) as never);
    }
    const over = ({ originator, cause, message }: EndEvent) => {
      const reason = (message as { getHeader?(name: string): string | undefined } | null)?.getHeader?.('Reason');
      if (reason !== undefined) screen.log(`reason: ${reason}`);
      card.over(`Ended by ${originator}: ${cause}`);
    };
    session.on('sdp', (description) => {
      if (window.deaf) description.sdp = description.sdp.replace(/^a=rtcp-fb:.*\r\n/gm, '');
      // A phone that knows no pictures refuses their section (RFC 3264 6).
      if (screen.isBlind && description.originator === 'local') description.sdp = description.sdp.replace(/^m=video \d+/m, 'm=video 0');
    });
    session.on('ended', over);
    session.on('failed', over);
    if (replacing.has(session)) queueMicrotask(() => call.answer());
  });
  agent.start();

  return {
    dial: (number, extraHeaders) => void agent.call(number, { ...media, extraHeaders }),
    leave: () => agent.stop(),
    message(number, text) {
      const eventHandlers = {
        succeeded: ({ response }: { response: { status_code: number } }) => screen.log(`message sent: ${response.status_code}`),
        failed: ({ response }: { response?: { status_code: number } }) => screen.log(`message failed: ${response?.status_code}`),
      };
      agent.sendMessage(number, text, { contentType: 'text/plain', eventHandlers: eventHandlers as never });
    },
    watch(number) {
      const subscriber = agent.subscribe(number, 'presence', 'application/pidf+xml', { expires: 600 });
      subscriber.on('notify', (_final, _request, body) => screen.log(`presence of ${number}: ${body}`));
      subscriber.on('terminated', (code, reason) => screen.log(`presence of ${number} ended: ${code} ${reason ?? ''}`));
      subscriber.subscribe();
    },
  };
});
