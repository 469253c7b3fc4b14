/** What is measured: an engine that reads and writes messages in a page. */

/** The fields that every engine reads of a message. */
export interface Seen {
  /** The method of a request. */
  readonly Method?: string;
  /** The status of a response. */
  readonly Status?: string;
  readonly Uri?: string;
  readonly FromTag: string;
  readonly FromUri: string;
  readonly ToUri: string;
  /** The topmost Via's. */
  readonly Branch: string;
  readonly CSeq: string;
  /** The first Contact's URI. */
  readonly Contact?: string;
}

/** The pieces of an INVITE. */
export interface Invite {
  readonly target: string;
  readonly from: string;
  readonly tag: string;
  readonly branch: string;
  readonly callId: string;
  readonly seq: number;
  readonly contact: string;
  readonly sdp: string;
}

export interface Engine {
  /** Parses, reads the fields, and gives the length of the body; -1 if that cannot be done. */
  read(text: string): number;
  /** What `read` reads. */
  seen(text: string): Seen | undefined;
  /** Makes what builds an INVITE of these pieces and writes it. What a phone does once in its life is done here. */
  writer(invite: Invite): () => string;
}

/** A module with an engine. */
export interface EngineModule {
  load(): Promise<Engine>;
}
