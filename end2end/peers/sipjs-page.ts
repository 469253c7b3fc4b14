/** A phone page on SIP.js: another stranger's RFC 7118 client. */

import {
  Invitation,
  Inviter,
  Messager,
  Publisher,
  Registerer,
  RegistererState,
  SIPExtension,
  Session,
  SessionState,
  Subscriber,
  UserAgent,
  Web,
  type Notification,
  type URI,
} from 'sip.js';
import { Screen, iceServers, isHold, keyOf, video, type Call, type Card, type Keys, type Library, type Owner } from './softphone.ts';

const media = { sessionDescriptionHandlerOptions: { constraints: { audio: true, video } } };
/** How long a key sounds, milliseconds. */
const SOUNDS = 400;
/** How long the page waits before it connects again, milliseconds. */
const AGAIN = 1_000;

/** Of the people that are called by their number. */
const domain = new URLSearchParams(location.search).get('domain') ?? 'tabphone';

const address = (number: string): URI => {
  const uri = UserAgent.makeURI(/^sip:/.test(number) ? number : `sip:${number}@${domain}`);
  if (uri === undefined) throw new Error(`${number} is no address`);
  return uri;
};

class SipJsCall implements Call {
  card: Card | undefined;
  /** Why it ends, if not by itself. */
  #cause: string | undefined;

  constructor(
    readonly session: Session,
    private readonly screen: Screen,
  ) {
    session.delegate = {
      onBye: (bye) => {
        this.#cause = 'Ended by remote: Terminated';
        void bye.accept();
      },
      onCancel: () => (this.#cause = 'Ended by remote: Canceled'),
      onInfo: (info) => {
        screen.log(`key by INFO: ${keyOf(info.request.body)}`);
        void info.accept();
      },
      onInvite: (request) => this.card?.holds('there', isHold(request.body)),
      onRefer: (referral) => {
        screen.log(`referred to ${referral.referTo.uri.toString()}`);
        void referral.accept().then(() => {
          const next = referral.makeInviter(media);
          shows(new SipJsCall(next, screen));
          return begin(next);
        });
      },
    };
    session.stateChange.addListener((state) => {
      if (state === SessionState.Established) {
        this.card?.plays(this.#connection);
        this.card?.up();
      } else if (state === SessionState.Terminated) {
        // SIP.js says that it is over before it says why.
        queueMicrotask(() => this.card?.over(this.#cause ?? 'Ended by local'));
      }
    });
  }

  answer(): void {
    if (this.session instanceof Invitation) void this.session.accept(media);
  }

  early(): void {
    // SIP.js sends a description before the answer only reliably (RFC 3262).
    if (this.session instanceof Invitation) void this.session.progress({ statusCode: 183, rel100: true, ...media });
  }

  decline(): void {
    if (this.session instanceof Invitation) void this.session.reject({ statusCode: 603 });
  }

  cancel(): void {
    if (this.session instanceof Inviter) void this.session.cancel();
  }

  hangUp(): void {
    void this.session.bye();
  }

  hold(): void {
    this.#hold(true);
  }

  resume(): void {
    this.#hold(false);
  }

  mute(muted: boolean): void {
    for (const { track } of this.#connection.getSenders()) if (track !== null) track.enabled = !muted;
  }

  send(keys: string, how: Keys): void {
    if (how === 'RTP') {
      this.session.sessionDescriptionHandler?.sendDtmf(keys, { duration: SOUNDS });
      return;
    }
    const content = `Signal=${keys}\r\nDuration=${SOUNDS}`;
    void this.session.info({
      requestOptions: { body: { contentDisposition: 'render', contentType: 'application/dtmf-relay', content } },
    });
  }

  transfer(to: string | Call): void {
    const target = to instanceof SipJsCall ? to.session : address(to as string);
    void this.session.refer(target, {
      onNotify: (notification: Notification) => {
        void notification.accept();
        const status = Number(/^SIP\/2\.0 (\d+)/.exec(notification.request.body)?.[1]);
        if (status >= 300) this.screen.log(`transfer failed: ${status}`);
        else if (status >= 200) this.hangUp();
      },
      requestDelegate: { onReject: ({ message }) => this.screen.log(`transfer refused: ${message.statusCode}`) },
    });
  }

  refused(status: number | undefined): void {
    this.#cause = `Ended by remote: ${status}`;
  }

  #hold(held: boolean): void {
    this.session.sessionDescriptionHandlerOptionsReInvite = { hold: held } as Web.SessionDescriptionHandlerOptions;
    const done = () => {
      this.mute(held);
      this.card?.holds('here', held);
    };
    void this.session.invite({ requestDelegate: { onAccept: done } });
  }

  get #connection(): RTCPeerConnection {
    const { peerConnection } = this.session.sessionDescriptionHandler as Web.SessionDescriptionHandler;
    if (peerConnection === undefined) throw new Error('there is no connection');
    return peerConnection;
  }
}

let screen: Screen;

function shows(call: SipJsCall): SipJsCall {
  const { session } = call;
  const { displayName, uri } = session.remoteIdentity;
  call.card = screen.opens(call, session instanceof Invitation ? `${displayName} ${uri.user}` : undefined);
  return call;
}

async function begin(inviter: Inviter, call?: SipJsCall): Promise<void> {
  await inviter.invite({
    requestDelegate: {
      onProgress: () => call?.card?.rings(),
      onReject: ({ message }) => call?.refused(message.statusCode),
    },
  });
}

Screen.for((page: Screen, owner: Owner): Library => {
  screen = page;
  const agent = new UserAgent({
    uri: address(owner.extension),
    displayName: owner.name,
    authorizationUsername: owner.extension,
    authorizationPassword: owner.password,
    sipExtensionReplaces: SIPExtension.Supported,
    transportOptions: { server: owner.socket },
    sessionDescriptionHandlerFactoryOptions: { peerConnectionConfiguration: { iceServers: iceServers(owner) } },
    logLevel: 'error',
    delegate: {
      onConnect: () => void registers(),
      onDisconnect: (error) => {
        screen.status = 'Disconnected';
        if (error !== undefined) again();
      },
      onInvite(invitation) {
        const call = shows(new SipJsCall(invitation, screen));
        if (invitation.replacee !== undefined) call.answer();
      },
      onMessage(message) {
        screen.log(`message from ${message.request.from.uri.user}: ${message.request.body}`);
        void message.accept();
      },
    },
  });
  const again = () => void setTimeout(() => void agent.reconnect().catch(again), AGAIN);
  const registerer = new Registerer(agent, { regId: 1 });
  registerer.stateChange.addListener((state) => {
    if (state === RegistererState.Registered) screen.status = 'Ready';
    if (state === RegistererState.Unregistered) screen.status = 'Not registered';
  });
  const registers = async () =>
    await registerer.register({
      requestDelegate: {
        onAccept: () => (screen.status = 'Ready'),
        onReject: ({ message }) => (screen.status = `Refused: ${message.reasonPhrase}`),
      },
    });
  void agent.start();

  return {
    dial(number, extraHeaders) {
      const inviter = new Inviter(agent, address(number), { ...media, extraHeaders });
      void begin(inviter, shows(new SipJsCall(inviter, screen)));
    },
    leave: () => void registerer.unregister(),
    message(number, text) {
      void new Messager(agent, address(number), text).message({
        requestDelegate: {
          onAccept: ({ message }) => screen.log(`message sent: ${message.statusCode}`),
          onReject: ({ message }) => screen.log(`message failed: ${message.statusCode}`),
        },
      });
    },
    watch(number) {
      const subscriber = new Subscriber(agent, address(number), 'presence', { expires: 600 });
      subscriber.delegate = {
        onNotify(notification) {
          void notification.accept();
          screen.log(`presence of ${number}: ${notification.request.body}`);
        },
      };
      void subscriber.subscribe();
    },
    publish(document) {
      const publisher = new Publisher(agent, address(owner.extension), 'presence', {
        contentType: 'application/pidf+xml',
        expires: 600,
        unpublishOnClose: false,
      });
      publisher.stateChange.addListener((state) => screen.log(`publication: ${state}`));
      void publisher.publish(document);
    },
  };
});
