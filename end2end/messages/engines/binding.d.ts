// The exports of `app/sip/bench/browser`.

declare module 'binding' {
  export default function init(options: { module_or_path: string }): Promise<unknown>;
  export function read(text: string): number;
  export function seen(text: string): string | undefined;
  export class Writer {
    static new(target: string, from: string, contact: string): Writer | undefined;
    write(tag: string, branch: string, callId: string, seq: number, sdp: string): string | undefined;
  }
}
