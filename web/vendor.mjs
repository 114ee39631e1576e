/**
 * Copies the browser libraries' dist files to static/vendor/<name>-<version>/ and lists them in
 * static/vendor/manifest.json: {"imports": {bare specifier: URL}, "styles": {name: URL}}.
 * The server makes its import map from "imports". Versions stand in the folder names, so that the
 * files may be cached for ever. Sources: web/node_modules, filled by `npm ci --ignore-scripts`.
 */
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const WEB = dirname(fileURLToPath(import.meta.url));
const MODULES = join(WEB, "node_modules");
const TARGET = join(WEB, "static", "vendor");
// Built beside the modules and renamed at the end: an interrupted run leaves the old files whole.
const BUILD = join(MODULES, ".vendor");
const URL_PREFIX = "/static/vendor";

/** The scripts of each library: file in the package, name with us, what `import` calls it. */
const SCRIPTS = [
  { from: "hls.js", file: "dist/hls.min.mjs", as: "hls.mjs", specifier: "hls.js" },
  // For `new Hls({workerPath: import.meta.resolve("hls.js/worker")})`: our CSP has no blob: workers.
  { from: "hls.js", file: "dist/hls.worker.js", as: "hls.worker.js", specifier: "hls.js/worker" },
  { from: "tus-js-client", file: "dist/tus.min.js", as: "tus.min.js" },
];

/** The names tus-js-client's browser build puts on `globalThis.tus`; it has no module build. */
const TUS_NAMES = [
  "Upload", "canStoreURLs", "defaultOptions", "isSupported", "enableDebugLog",
  "DefaultHttpStack", "DetailedError",
];

/** Style sheets of the font packages whose @font-face rules we serve; opsz: drawn for its size. */
const FONTS = [
  { from: "@fontsource-variable/atkinson-hyperlegible-next", sheets: ["wght.css", "wght-italic.css"] },
  { from: "@fontsource-variable/bricolage-grotesque", sheets: ["opsz.css"] },
];

/** @param {string} name */
function folderOf(name) {
  const { version } = JSON.parse(readFileSync(join(MODULES, name, "package.json"), "utf8"));
  return `${name.replace(/^@[^/]+\//, "")}-${version}`;
}

/** @param {string} name @returns {string} */
function makeFolder(name) {
  const folder = folderOf(name);
  mkdirSync(join(BUILD, folder), { recursive: true });
  cpSync(join(MODULES, name, "LICENSE"), join(BUILD, folder, "LICENSE"));
  return folder;
}

/** The source maps stay behind, so the line that points at them goes too. @param {string} text */
const withoutMap = (text) => text.replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, "\n");

/** @returns {Record<string, string>} */
function copyScripts() {
  /** @type {Record<string, string>} */
  const imports = {};
  for (const { from, file, as, specifier } of SCRIPTS) {
    const folder = makeFolder(from);
    writeFileSync(
      join(BUILD, folder, as),
      withoutMap(readFileSync(join(MODULES, from, file), "utf8")),
    );
    if (specifier) imports[specifier] = `${URL_PREFIX}/${folder}/${as}`;
  }
  return imports;
}

/** Gives tus-js-client a module face over its browser script. @returns {Record<string, string>} */
function wrapTus() {
  const folder = folderOf("tus-js-client");
  const text = `import "./tus.min.js";\n`
    + `const tus = globalThis.tus;\n`
    + `export const { ${TUS_NAMES.join(", ")} } = tus;\n`
    + `export default tus;\n`;
  writeFileSync(join(BUILD, folder, "tus.mjs"), text);
  return { "tus-js-client": `${URL_PREFIX}/${folder}/tus.mjs` };
}

/** Copies the font files one sheet names. @param {string} from @param {string} sheet */
function copySheet(from, sheet) {
  const folder = makeFolder(from);
  const css = readFileSync(join(MODULES, from, sheet), "utf8");
  for (const [, file] of css.matchAll(/url\(\.\/files\/([^)]+)\)/g)) {
    cpSync(join(MODULES, from, "files", file), join(BUILD, folder, file));
  }
  return css.replaceAll("url(./files/", `url(${URL_PREFIX}/${folder}/`).trim();
}

/** One sheet with every @font-face. @returns {Record<string, string>} */
function copyFonts() {
  const rules = FONTS.flatMap(({ from, sheets }) => sheets.map((sheet) => copySheet(from, sheet)));
  writeFileSync(join(BUILD, "fonts.css"), `${rules.join("\n\n")}\n`);
  return { fonts: `${URL_PREFIX}/fonts.css` };
}

rmSync(BUILD, { recursive: true, force: true });
mkdirSync(BUILD, { recursive: true });
const manifest = { imports: { ...copyScripts(), ...wrapTus() }, styles: copyFonts() };
writeFileSync(join(BUILD, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
rmSync(TARGET, { recursive: true, force: true });
mkdirSync(dirname(TARGET), { recursive: true });
renameSync(BUILD, TARGET);
