/** A small phone page on JsSIP: a stranger's RFC 7118 client, with the same words on its buttons as ours. */

import { UA, WebSocketInterface } from 'jssip';
import type { EndEvent, RTCSession } from 'jssip/lib/RTCSession.js';
import type { RTCSessionEvent } from 'jssip/lib/UA.js';

const query = new URLSearchParams(location.search);
const status = document.querySelector('[role=status]') as HTMLElement;
const call = document.querySelector('#call') as HTMLElement;
const buttons = document.querySelector('#buttons') as HTMLElement;
const loudspeaker = document.querySelector('audio') as HTMLAudioElement;
const number = document.querySelector('input') as HTMLInputElement;
const media = { mediaConstraints: { audio: true, video: false } };

const agent = new UA({
  sockets: [new WebSocketInterface(query.get('socket') ?? '')],
  uri: `sip:${query.get('extension')}@tabphone`,
  password: query.get('password') ?? '',
  display_name: 'A stranger',
});

/** The call that is shown; one that it took the place of is not. */
let shown: RTCSession | undefined;

agent.on('registered', () => (status.textContent = 'Ready'));
agent.on('unregistered', () => (status.textContent = 'Not registered'));
agent.on('disconnected', () => (status.textContent = 'Disconnected'));
agent.on('registrationFailed', ({ cause }) => (status.textContent = `Refused: ${cause}`));
agent.on('newRTCSession', ({ session }: RTCSessionEvent) => {
  shown = session;
  const incoming = session.direction === 'incoming';
  call.textContent = incoming ? `${session.remote_identity.display_name} ${session.remote_identity.uri.user} is calling` : 'Calling…';
  show(incoming ? { Answer: () => session.answer(media), Decline: () => session.terminate({ status_code: 603 }) } : {});
  if (incoming) session.on('peerconnection', ({ peerconnection }) => listen(peerconnection));
  else listen(session.connection);
  session.on('progress', () => {
    if (!incoming) {
      call.textContent = 'Ringing…';
      show({ Cancel: () => session.terminate() });
    }
  });
  session.on('confirmed', () => {
    call.textContent = 'Connected';
    show({ 'Hang up': () => session.terminate(), 'Take the place': () => replace(session) });
  });
  const over = ({ originator, cause }: EndEvent) => {
    if (shown !== session) return;
    call.textContent = `Ended by ${originator}: ${cause}`;
    loudspeaker.srcObject = null;
    show({});
  };
  session.on('ended', over);
  session.on('failed', over);
});
agent.start();

(document.querySelector('form') as HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  performance.mark('jssip:dial');
  agent.call(number.value, media);
});

/** Calls anew, in the place of this call (RFC 3891). JsSIP says it only of calls that it transfers. */
function replace(session: RTCSession): void {
  const { _dialog } = session as unknown as { _dialog: { id: { call_id: string; local_tag: string; remote_tag: string } } };
  const { call_id, local_tag, remote_tag } = _dialog.id;
  agent.call(number.value, { ...media, extraHeaders: [`Replaces: ${call_id};to-tag=${remote_tag};from-tag=${local_tag}`] });
}

function listen(connection: RTCPeerConnection): void {
  connection.addEventListener('track', ({ track }) => {
    loudspeaker.srcObject = new MediaStream([track]);
    void loudspeaker.play();
  });
}

function show(actions: Record<string, () => void>): void {
  buttons.replaceChildren(
    ...Object.entries(actions).map(([name, act]) => {
      const button = document.createElement('button');
      button.textContent = name;
      button.addEventListener('click', act);
      return button;
    }),
  );
}
