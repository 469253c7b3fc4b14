/** What takes the times in a page: the same for our phone and for others. */

export interface Stopwatch {
  /** The last click, in milliseconds since 1970, with fractions. */
  clicked: number;
  /** The last INVITE that was handed to a WebSocket. */
  invited: number;
  /** Waits for decoded sound to come out of a peer connection that was made after the first `known`; says when it did. */
  sound(known: number): Promise<number>;
  /** Waits for more than so many decoded pictures out of these connections; says when they were there. */
  picture(known: number, decoded: number): Promise<number>;
  /** Waits until no more pictures come out of them; says how many did. */
  still(known: number): Promise<number>;
}

declare global {
  interface Window {
    stopwatch: Stopwatch;
  }
}

/** The init script. It comes after the probe, whose list of peer connections it reads. */
export function installStopwatch(): void {
  const now = () => performance.timeOrigin + performance.now();
  const pause = (milliseconds: number) => new Promise((next) => setTimeout(next, milliseconds));
  /** Of 1, which is as loud as it gets: the tones have a fifth of it and more. */
  const AUDIBLE = 0.01;
  const decoded = async (known: number): Promise<number> => {
    let sum = 0;
    for (const peer of window.probe.peers.slice(known)) {
      for (const stat of (await peer.getStats()).values()) {
        if (stat.type === 'inbound-rtp' && stat.kind === 'video') sum += stat.framesDecoded;
      }
    }
    return sum;
  };
  const stopwatch: Stopwatch = {
    clicked: 0,
    invited: 0,
    async sound(known) {
      for (;;) {
        // What is counted (`getStats`) is up to 50 ms old; this is as it is played.
        const sources = window.probe.peers.slice(known).flatMap((peer) => peer.getReceivers().flatMap((receiver) => receiver.getSynchronizationSources()));
        if (sources.some(({ audioLevel }) => (audioLevel ?? 0) > AUDIBLE)) return now();
        await pause(2);
      }
    },
    async picture(known, before) {
      while ((await decoded(known)) <= before) await pause(2);
      return now();
    },
    async still(known) {
      for (;;) {
        const before = await decoded(known);
        // The cameras give ten a second.
        await pause(500);
        if ((await decoded(known)) === before) return before;
      }
    },
  };
  window.stopwatch = stopwatch;
  addEventListener('click', () => (stopwatch.clicked = now()), { capture: true });
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (this: WebSocket, data) {
    const start = typeof data === 'string' ? data.slice(0, 7) : data instanceof Blob ? '' : new TextDecoder().decode(ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, 7) : data.slice(0, 7));
    if (start === 'INVITE ') stopwatch.invited = now();
    send.call(this, data);
  };
}
