/** Serves the pages of phones that are not ours, from an origin of its own. */

import { build } from 'esbuild';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Account } from '../fixtures/server.ts';

/** What a page is made with. */
export type Library = 'JsSIP' | 'SIP.js';

const ENTRIES: Record<Library, string> = { JsSIP: 'jssip-page.ts', 'SIP.js': 'sipjs-page.ts' };

const page = (library: Library): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A phone that is not ours</title>
<link rel="icon" href="data:,">
<p role="status">Connecting</p>
<form><label>Number to call <input id="number"></label> <button>Call</button></form>
<p id="call"></p>
<p id="buttons"></p>
<p><label>Text <input id="text"></label> <span id="beside"></span></p>
<ol id="log"></ol>
<script src="/${library}.js"></script>`;

/** A web server with a page for each library. */
export class PeerSite {
  private constructor(
    private readonly http: HttpServer,
    /** `http://127.0.0.1:PORT`. */
    readonly origin: string,
  ) {}

  static async start(): Promise<PeerSite> {
    const files = new Map<string, [type: string, content: string]>();
    for (const [library, entry] of Object.entries(ENTRIES) as [Library, string][]) {
      files.set(`/${library}.js`, ['text/javascript', await bundle(entry)]);
      files.set(`/${library}`, ['text/html', page(library)]);
    }
    const http = createServer((request, response) => {
      const [type, content] = files.get(request.url?.split('?')[0] ?? '') ?? ['text/plain', undefined];
      response.writeHead(content === undefined ? 404 : 200, { 'Content-Type': type });
      response.end(content);
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new PeerSite(http, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  }

  /** The address of a page, for this account at this server; it has a camera if it is told so, asks this STUN server, if one is named, and is of this domain, if it is not the server's own. */
  page(library: Library, { extension, name, password }: Account, socket: string, asked: { readonly video?: boolean; readonly stun?: string; readonly domain?: string } = {}): string {
    const asks: Record<string, string> = { ...(asked.video === true ? { video: '' } : {}), ...(asked.stun === undefined ? {} : { stun: asked.stun }), ...(asked.domain === undefined ? {} : { domain: asked.domain }) };
    return `${this.origin}/${library}?${new URLSearchParams({ extension, name, password, socket, ...asks })}`;
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, 'close');
  }
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    format: 'iife',
    platform: 'browser',
    define: { global: 'window' },
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}
