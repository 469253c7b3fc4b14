/** The screen and the buttons of a phone page that is not ours, whichever library is behind them. */

/** How keys are sent in a call: as events of RTP (RFC 4733), or in INFO requests. */
export type Keys = 'RTP' | 'INFO';

/** Whether the page was opened to send and take pictures, too. */
export const video = new URLSearchParams(location.search).has('video');

/** What the page is opened with. */
export interface Owner {
  readonly extension: string;
  readonly name: string;
  readonly password: string;
  /** Where SIP is spoken: `ws://HOST/sip`. */
  readonly socket: string;
  /** The SIP domain. */
  readonly domain: string;
  /** A STUN server, if it is to ask one. */
  readonly stun?: string;
}

/** The ICE servers of the page. */
export const iceServers = ({ stun }: Owner): RTCIceServer[] => (stun === undefined ? [] : [{ urls: stun }]);

/** What a person can do with a call. */
export interface Call {
  answer(): void;
  decline(): void;
  cancel(): void;
  hangUp(): void;
  hold(): void;
  resume(): void;
  mute(muted: boolean): void;
  send(keys: string, how: Keys): void;
  /** Hands the other party over to this number, or to whom another call is with (RFC 5589). */
  transfer(to: string | Call): void;
  /** Calls this number anew, in the place of the call (RFC 3891). */
  replace?(number: string): void;
  /** Asks whether the call is up (OPTIONS in its dialog). */
  ask?(): void;
  /** Is heard before the answer: early media (RFC 3960). */
  early?(): void;
  /** Asks for a whole picture by INFO (RFC 5168). */
  wantPicture?(): void;
}

/** What a person can do without one. */
export interface Library {
  dial(number: string, headers: string[]): void;
  message(number: string, text: string): void;
  /** Subscribes to somebody's presence (RFC 3856). */
  watch(number: string): void;
  /** Unregisters and goes. */
  leave(): void;
  /** Publishes this PIDF document as the owner's presence (RFC 3903); not every library can. */
  publish?(document: string): void;
}

const element = <T extends HTMLElement>(selector: string): T => document.querySelector(selector) as T;

/** One call on the screen. */
export class Card {
  #words: string;
  #actions: Record<string, () => void> = {};
  #held = { here: false, there: false };
  #muted = false;
  readonly #speaker = document.body.appendChild(document.createElement('audio'));
  readonly #picture = document.body.appendChild(document.createElement('video'));

  constructor(
    private readonly screen: Screen,
    readonly call: Call,
    caller: string | undefined,
  ) {
    this.#words = caller === undefined ? 'Calling…' : `${caller} is calling`;
    if (caller !== undefined) {
      const { early } = call;
      this.#actions = {
        Answer: () => call.answer(),
        Decline: () => call.decline(),
        ...(early === undefined ? {} : { 'Play early': () => early.call(call) }),
      };
    }
  }

  /** It rings at the other end. */
  rings(): void {
    this.#become('Ringing…', { Cancel: () => this.call.cancel() });
  }

  /** It was answered. */
  up(): void {
    const { call, screen } = this;
    const held = this.#held.here ? 'On hold' : this.#held.there ? 'Connected, they hold' : 'Connected';
    const { ask, replace, wantPicture } = call;
    this.#become(held, {
      'Hang up': () => call.hangUp(),
      ...(this.#held.here ? { Resume: () => call.resume() } : { Hold: () => call.hold() }),
      [this.#muted ? 'Unmute' : 'Mute']: () => this.#mute(),
      'Send as RTP': () => call.send(screen.text, 'RTP'),
      'Send as INFO': () => call.send(screen.text, 'INFO'),
      Transfer: () => call.transfer(screen.number),
      'Hand over': () => screen.before(this)?.call.transfer(call),
      ...(ask === undefined ? {} : { Ask: () => ask.call(call) }),
      ...(wantPicture === undefined ? {} : { 'Ask for a picture': () => wantPicture.call(call) }),
      ...(replace === undefined ? {} : { 'Take the place': () => replace.call(call, screen.number) }),
    });
  }

  /** One of the two put it on hold, or took it back. */
  holds(who: 'here' | 'there', held: boolean): void {
    this.#held[who] = held;
    this.up();
  }

  plays(connection: RTCPeerConnection): void {
    const play = (track: MediaStreamTrack) => {
      const element = track.kind === 'video' ? this.#picture : this.#speaker;
      element.muted = element === this.#picture;
      element.srcObject = new MediaStream([track]);
      void element.play().catch(() => {});
    };
    connection.getReceivers().forEach(({ track }) => play(track));
    connection.addEventListener('track', ({ track }) => play(track));
  }

  /** It is over. */
  over(words: string): void {
    this.#speaker.srcObject = null;
    this.#picture.remove();
    this.#become(words, {});
    this.screen.closes(this);
  }

  get words(): string {
    return this.#words;
  }

  get actions(): Record<string, () => void> {
    return this.#actions;
  }

  #mute(): void {
    this.#muted = !this.#muted;
    this.call.mute(this.#muted);
    this.up();
  }

  #become(words: string, actions: Record<string, () => void>): void {
    this.#words = words;
    this.#actions = actions;
    this.screen.refresh();
  }
}

declare global {
  interface Window {
    /** Whether the page refuses pictures as a phone does that knows none. */
    blind?: boolean;
    /** Whether the page says that it gives and takes no feedback by RTCP (RFC 4585). */
    deaf?: boolean;
    /** Header lines of the calls that are dialled from now on. */
    inviteHeaders?: string[];
  }
}

/** The page: the newest call is shown, and what came beside calls is a list. */
export class Screen {
  #cards: Card[] = [];
  #last: Card | undefined;

  get isBlind(): boolean {
    return window.blind === true;
  }

  /** Reads who the page is for, and lets its buttons do. */
  static for(start: (screen: Screen, owner: Owner) => Library): void {
    const query = new URLSearchParams(location.search);
    const of = (name: string) => query.get(name) ?? '';
    const owner = { extension: of('extension'), name: of('name'), password: of('password'), socket: of('socket'), domain: query.get('domain') ?? 'tabphone', ...(query.has('stun') ? { stun: of('stun') } : {}) };
    const screen = new Screen();
    const library = start(screen, owner);
    element('form').addEventListener('submit', (event) => {
      event.preventDefault();
      performance.mark('peer:dial');
      library.dial(screen.number, window.inviteHeaders ?? []);
    });
    screen.#buttons('#beside', {
      Message: () => library.message(screen.number, screen.text),
      Watch: () => library.watch(screen.number),
      Leave: () => library.leave(),
      ...(library.publish === undefined ? {} : { Publish: () => library.publish?.(screen.text) }),
    });
  }

  get number(): string {
    return element<HTMLInputElement>('#number').value;
  }

  get text(): string {
    return element<HTMLInputElement>('#text').value;
  }

  set status(words: string) {
    element('[role=status]').textContent = words;
  }

  /** Something happened that is no call's state. */
  log(words: string): void {
    const line = document.createElement('li');
    line.textContent = words;
    element('#log').append(line);
  }

  /** A call begins; with a caller if it comes in. */
  opens(call: Call, caller?: string): Card {
    const card = new Card(this, call, caller);
    this.#cards.push(card);
    this.refresh();
    return card;
  }

  closes(card: Card): void {
    this.#last = card;
    this.#cards = this.#cards.filter((other) => other !== card);
    this.refresh();
  }

  /** The call that was there before this one. */
  before(card: Card): Card | undefined {
    return this.#cards[this.#cards.indexOf(card) - 1];
  }

  refresh(): void {
    const shown = this.#cards.at(-1) ?? this.#last;
    element('#call').textContent = shown?.words ?? '';
    this.#buttons('#buttons', shown?.actions ?? {});
  }

  #buttons(place: string, actions: Record<string, () => void>): void {
    element(place).replaceChildren(
      ...Object.entries(actions).map(([name, act]) => {
        const button = document.createElement('button');
        button.textContent = name;
        button.addEventListener('click', act);
        return button;
      }),
    );
  }
}

/** Whether a session description (RFC 3264 8.4) puts who gets it on hold. */
export function isHold(description: string): boolean {
  return /^a=(sendonly|inactive)\r?$/m.test(description);
}

/** The key that an INFO request names (`application/dtmf-relay`, or `application/dtmf`). */
export function keyOf(body: string): string {
  return /Signal\s*=\s*([0-9A-D#*])/i.exec(body)?.[1] ?? body.trim();
}
