/** A small phone page on JsSIP: a stranger's RFC 7118 client, with the same words on its buttons as ours. */

import { UA, WebSocketInterface } from 'jssip';
import type { EndEvent } from 'jssip/lib/RTCSession.js';
import type { RTCSessionEvent } from 'jssip/lib/UA.js';

const query = new URLSearchParams(location.search);
const status = document.querySelector('[role=status]') as HTMLElement;
const call = document.querySelector('#call') as HTMLElement;
const buttons = document.querySelector('#buttons') as HTMLElement;
const loudspeaker = document.querySelector('audio') as HTMLAudioElement;
const media = { mediaConstraints: { audio: true, video: false } };

const agent = new UA({
  sockets: [new WebSocketInterface(query.get('socket') ?? '')],
  uri: `sip:${query.get('extension')}@tabphone`,
  password: query.get('password') ?? '',
  display_name: 'A stranger',
});

agent.on('registered', () => (status.textContent = 'Ready'));
agent.on('unregistered', () => (status.textContent = 'Not registered'));
agent.on('disconnected', () => (status.textContent = 'Disconnected'));
agent.on('registrationFailed', ({ cause }) => (status.textContent = `Refused: ${cause}`));
agent.on('newRTCSession', ({ session }: RTCSessionEvent) => {
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
    show({ 'Hang up': () => session.terminate() });
  });
  const over = ({ originator, cause }: EndEvent) => {
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
  agent.call((document.querySelector('input') as HTMLInputElement).value, media);
});

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
