/** Serves the JsSIP page from an origin of its own. */

import { build } from 'esbuild';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A phone that is not ours</title>
<link rel="icon" href="data:,">
<p role="status">Connecting</p>
<form><label>Number to call <input></label> <button>Call</button></form>
<p id="call"></p>
<p id="buttons"></p>
<audio></audio>
<script src="/page.js"></script>`;

/** A web server with the JsSIP page. */
export class JsSipSite {
  private constructor(
    private readonly http: HttpServer,
    /** `http://127.0.0.1:PORT`. */
    readonly origin: string,
  ) {}

  static async start(): Promise<JsSipSite> {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('jssip-page.ts', import.meta.url))],
      bundle: true,
      format: 'iife',
      platform: 'browser',
      define: { global: 'window' },
      write: false,
      logLevel: 'error',
    });
    const script = outputFiles[0]?.text ?? '';
    const http = createServer((request, response) => {
      const isScript = request.url === '/page.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : PAGE);
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new JsSipSite(http, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  }

  /** The address of the page, for this account at this server. */
  page({ extension, password }: { extension: string; password: string }, socket: string): string {
    return `${this.origin}/?${new URLSearchParams({ extension, password, socket })}`;
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, 'close');
  }
}
