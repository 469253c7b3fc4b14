/** What takes the times in a page: the same for our phone and for others. */

export interface Stopwatch {
  /** The last click, in milliseconds since 1970, with fractions. */
  clicked: number;
  /** The last INVITE that was handed to a WebSocket. */
  invited: number;
  /** Waits for decoded sound to come out of a peer connection that was made after the first `known`; says when it did. */
  sound(known: number): Promise<number>;
}

declare global {
  interface Window {
    stopwatch: Stopwatch;
  }
}

/** The init script. It comes after the probe, whose list of peer connections it reads. */
export function installStopwatch(): void {
  const now = () => performance.timeOrigin + performance.now();
  const stopwatch: Stopwatch = {
    clicked: 0,
    invited: 0,
    async sound(known) {
      for (;;) {
        for (const peer of window.probe.peers.slice(known)) {
          for (const stat of (await peer.getStats()).values()) {
            if (stat.type === 'inbound-rtp' && stat.totalAudioEnergy > 1e-5) return now();
          }
        }
        await new Promise((next) => setTimeout(next, 2));
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
