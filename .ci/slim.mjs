// What wasm-bindgen wrote, without what this page never calls and with short names where the two halves meet.
//
//   node .ci/slim.mjs FOLDER WASM_OPT_FLAGS…
//
// wasm-bindgen exports the classes of every crate that is linked (streams, of which no page makes any) and names each
// import with a hash, which no compression makes smaller. FOLDER/tabphone.js and FOLDER/tabphone_bg.wasm become
// FOLDER/tabphone.js and FOLDER/tabphone.wasm.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [folder, ...flags] = process.argv.slice(2);
const bin = join(dirname(fileURLToPath(import.meta.url)), '../end2end/node_modules/.bin');
const run = (tool, ...args) => execFileSync(join(bin, tool), args, { encoding: 'utf8', maxBuffer: 1 << 26 });
const at = (name) => join(folder, name);
const features = flags.filter((flag) => flag.startsWith('--enable-'));

let glue = withoutClasses(readFileSync(at('tabphone.js'), 'utf8'));
let wasm = at('tabphone_bg.wasm');
// What one half loses may be the last use of something in the other.
for (let before = ''; before !== glue; ) {
  before = glue;
  glue = shaken(glue);
  wasm = reached(wasm, exportsUsed(glue));
  glue = withImports(glue, importsOf(wasm));
}
const named = run('wasm-opt', wasm, ...flags, '--minify-imports-and-exports-and-modules', ...features, '-o', at('tabphone.wasm'));
writeFileSync(at('tabphone.js'), renamed(glue, named));

/** The glue without the classes that other crates export, what tidies up after them, the beginning that nobody
 * makes, and advice to who writes pages. */
function withoutClasses(text) {
  return text
    .replace(/^export class \w+ \{\n[^]*?^\}\n/gm, '')
    .replace(/^if \(Symbol\.dispose\) .*\n/gm, '')
    .replace(/^export \{ initSync, (\w+ as default) \};/m, 'export { $1 };')
    // What a value was when the program broke: its own words do.
    .replace(/^function debugString\(val\) \{\n[^]*?^\}\n/m, 'function debugString(value) { return String(value); }\n')
    .replace(/^ *console\.warn\(.*\);$/gm, '')
    .replace(/^const \w+Finalization = [^]*?;\n/gm, '');
}

/** The glue without functions that nothing calls. */
function shaken(text) {
  writeFileSync(at('glue.js'), text);
  return run('esbuild', at('glue.js'), '--bundle', '--format=esm', '--tree-shaking=true', '--log-level=warning');
}

/** The names that the glue uses of the wasm half. */
function exportsUsed(text) {
  return [...new Set([...text.matchAll(/\bwasm\.(\w+)/g)].map(([, name]) => name))];
}

/** The wasm half without what cannot be reached from these exports. */
function reached(file, names) {
  const graph = [
    { name: 'glue', reaches: names, root: true },
    ...names.map((name) => ({ name, export: name })),
  ];
  writeFileSync(at('graph.json'), JSON.stringify(graph));
  run('wasm-metadce', file, ...features, '--graph-file', at('graph.json'), '-o', at('reached.wasm'));
  return at('reached.wasm');
}

/** The names that the wasm half imports. */
function importsOf(file) {
  return new Set(WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(file))).map(({ name }) => name));
}

/** The glue without the imports that the wasm half does not have any more. */
function withImports(text, names) {
  return text.replace(/^ {4}(\w+): function\([^]*?^ {4}\},?\n/gm, (entry, name) => (names.has(name) ? entry : ''));
}

/** The glue with the names that wasm-opt gave to modules, imports and exports. */
function renamed(text, table) {
  const { imports, exports } = JSON.parse(table);
  const [{ module }] = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(at('tabphone.wasm'))));
  const inner = new Map(imports.map(([, name, short]) => [name, short]));
  const outer = new Map(exports.map(([name, short]) => [name, short]));
  return text
    .replace(/\bwasm\.(\w+)/g, (_, name) => `wasm.${outer.get(name) ?? name}`)
    .replace(/^ {4}(\w+): function\(/gm, (_, name) => `    ${inner.get(name) ?? name}: function(`)
    .replace('"./tabphone_bg.js"', () => JSON.stringify(module));
}
