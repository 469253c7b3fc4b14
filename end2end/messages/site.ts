/** Serves a page that can load each engine as a module, on an origin of its own. */

import { build } from 'esbuild';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** A web server: `/` is an empty page, `/NAME.js` an engine. */
export class Site {
  private constructor(
    private readonly http: Server,
    private readonly files: ReadonlyMap<string, Buffer | string>,
    /** `http://127.0.0.1:PORT`. */
    readonly origin: string,
  ) {}

  /** `wasm` is the folder with our bindings, of the names in `bindings`. */
  static async start(wasm: string, bindings: readonly string[]): Promise<Site> {
    const files = new Map<string, Buffer | string>([['/', '<!doctype html><title>Messages</title><link rel="icon" href="data:,">']]);
    files.set('/stopwatch.js', await bundle('stopwatch.ts'));
    files.set('/jssip.js', await bundle('engines/jssip.ts'));
    files.set('/sipjs.js', await bundle('engines/sipjs.ts'));
    for (const name of bindings) {
      files.set(`/${name}.js`, await bundle('engines/ours.ts', join(wasm, `${name}.js`)));
      files.set(`/${name}.wasm`, await readFile(join(wasm, `${name}.wasm`)));
    }
    const http = createServer((request, response) => {
      const path = request.url ?? '';
      const file = files.get(path);
      response.statusCode = file === undefined ? 404 : 200;
      response.setHeader('Content-Type', path.endsWith('.js') ? 'text/javascript' : path.endsWith('.wasm') ? 'application/wasm' : 'text/html');
      // Isolated from other origins, a page has a clock of 5 µs instead of 100.
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      response.end(file);
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new Site(http, files, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  }

  /** What is served under this path. */
  file(path: string): Buffer | string | undefined {
    return this.files.get(path);
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, 'close');
  }
}

async function bundle(file: string, binding?: string): Promise<string> {
  const result = await build({
    entryPoints: [join(HERE, file)],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    define: { global: 'window' },
    ...(binding === undefined ? {} : { alias: { binding } }),
    write: false,
    logLevel: 'error',
  });
  return result.outputFiles[0]?.text ?? '';
}
