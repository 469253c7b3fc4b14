/** SIP.js' parser. It is eager: all fields are read when it returns. */

import { Grammar } from 'sip.js/lib/grammar/grammar.js';
import type { NameAddrHeader } from 'sip.js/lib/grammar/name-addr-header.js';
import { IncomingResponseMessage } from 'sip.js/lib/core/messages/incoming-response-message.js';
import { OutgoingRequestMessage } from 'sip.js/lib/core/messages/outgoing-request-message.js';
import { Parser } from 'sip.js/lib/core/messages/parser.js';
import type { Engine, Seen } from '../engine.ts';

const quiet = () => {};
const logger = { error: quiet, warn: quiet, log: quiet, debug: quiet } as unknown as Parameters<typeof Parser.parseMessage>[1];

const engine: Engine = {
  read(text) {
    const message = Parser.parseMessage(text, logger);
    if (message === undefined) return -1;
    const start =
      message instanceof IncomingResponseMessage ? (message.statusCode ?? 0) > 0 : message.method.length > 0 && (message.ruri?.host.length ?? 0) > 0;
    const contact = message.hasHeader('contact') ? (message.parseHeader('contact') as NameAddrHeader).uri.host.length > 0 : true;
    const named = message.fromTag.length > 0 && message.from.uri.host.length > 0 && message.to.uri.host.length > 0;
    return start && contact && named && message.viaBranch.length > 0 && message.cseq > 0 ? message.body.length : -1;
  },
  seen(text) {
    const message = Parser.parseMessage(text, logger);
    if (message === undefined) return undefined;
    const contact = message.hasHeader('contact') ? { Contact: String((message.parseHeader('contact') as NameAddrHeader).uri) } : {};
    const start =
      message instanceof IncomingResponseMessage ? { Status: String(message.statusCode) } : { Method: message.method, Uri: String(message.ruri) };
    return {
      ...start,
      FromTag: message.fromTag,
      FromUri: String(message.from.uri),
      ToUri: String(message.to.uri),
      Branch: message.viaBranch,
      CSeq: String(message.cseq),
      ...contact,
    } satisfies Seen;
  },
  writer({ target, from, tag, branch, callId, seq, contact, sdp }) {
    const [to, caller] = [Grammar.URIParse(target), Grammar.URIParse(from)];
    if (to === undefined || caller === undefined) throw new Error('no URI');
    const constant = {
      fromDisplayName: 'Alice',
      viaHost: 'p4kv0u1nq7ds.invalid',
      userAgentString: 'Tabphone',
      optionTags: ['timer', 'ice', 'replaces', 'outbound'],
    };
    const headers = [`Contact: <${contact}>`, 'Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY'];
    const body = { contentDisposition: 'session', contentType: 'application/sdp', content: sdp };
    return () => {
      const request = new OutgoingRequestMessage('INVITE', to, caller, to, { ...constant, fromTag: tag, callId, cseq: seq }, headers, body);
      request.setViaHeader(branch, 'WSS');
      return request.toString();
    };
  },
};

export async function load(): Promise<Engine> {
  return engine;
}
