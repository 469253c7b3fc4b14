/** JsSIP's parser. It is eager: all fields are read when it returns. */

import Message from 'jssip/lib/SIPMessage.js';
import type { NameAddrHeader } from 'jssip/lib/NameAddrHeader.js';
import { parseMessage } from 'jssip/lib/Parser.js';
import uri from 'jssip/lib/URI.js';
import type { Engine, Seen } from '../engine.ts';

// The module is the class, whatever its types say.
const URI = uri as unknown as typeof uri.URI;

// What a message asks of the agent that it belongs to.
const agent = {
  configuration: { uri: URI.parse('sip:1001@tabphone.example'), display_name: 'Alice', session_timers: true, user_agent: 'Tabphone' },
  contact: { pub_gruu: null, temp_gruu: null },
};

// The types have no constructor for it.
const OutgoingRequest = Message.OutgoingRequest as unknown as new (
  method: string,
  target: object,
  ua: object,
  params: object,
  extraHeaders: string[],
  body: string,
) => InstanceType<typeof Message.OutgoingRequest>;

const engine: Engine = {
  read(text) {
    const message = parseMessage(text, agent);
    if (message === undefined) return -1;
    const start = 'status_code' in message ? message.status_code > 0 : message.method.length > 0 && message.ruri.host.length > 0;
    const contact = message.hasHeader('contact') ? message.parseHeader<NameAddrHeader>('contact').uri.host.length > 0 : true;
    const named = message.from_tag.length > 0 && message.from.uri.host.length > 0 && message.to.uri.host.length > 0;
    return start && contact && named && message.via_branch.length > 0 && message.cseq > 0 ? message.body.length : -1;
  },
  seen(text) {
    const message = parseMessage(text, agent);
    if (message === undefined) return undefined;
    const contact = message.hasHeader('contact') ? { Contact: String(message.parseHeader<NameAddrHeader>('contact').uri) } : {};
    const start = 'status_code' in message ? { Status: String(message.status_code) } : { Method: message.method, Uri: String(message.ruri) };
    return {
      ...start,
      FromTag: message.from_tag,
      FromUri: String(message.from.uri),
      ToUri: String(message.to.uri),
      Branch: message.via_branch,
      CSeq: String(message.cseq),
      ...contact,
    } satisfies Seen;
  },
  writer({ target, from, tag, branch, callId, seq, contact, sdp }) {
    const [to, caller] = [URI.parse(target), URI.parse(from)];
    if (to === undefined || caller === undefined) throw new Error('no URI');
    return () => {
      const params = { from_uri: caller, from_tag: tag, call_id: callId, cseq: seq };
      const request = new OutgoingRequest('INVITE', to, agent, params, [`Contact: <${contact}>`, 'Content-Type: application/sdp'], sdp);
      request.setHeader('via', `SIP/2.0/WSS p4kv0u1nq7ds.invalid;branch=${branch}`);
      return request.toString();
    };
  },
};

export async function load(): Promise<Engine> {
  return engine;
}
