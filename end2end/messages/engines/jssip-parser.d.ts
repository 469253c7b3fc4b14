// JsSIP types what applications use; here is what lies below.

declare module 'jssip/lib/Parser.js' {
  import type { IncomingRequest, IncomingResponse } from 'jssip/lib/SIPMessage.js';

  interface Parsed {
    data: string;
    via_branch: string;
    from_tag: string;
    cseq: number;
  }
  export function parseMessage(data: string, ua: object): (Parsed & (IncomingRequest | IncomingResponse)) | undefined;
}
