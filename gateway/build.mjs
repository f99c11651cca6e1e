// Builds the static files of the web pages into src/gateway/static/ (git-ignored, never edited by hand).
// File names carry a hash of their content, so that they can be cached for ever; manifest.json maps the plain
// name ("app.js") to the hashed one. The same input gives the same bytes: no clock, no random, no absolute path.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "src", "gateway", "static");
const out = `${target}.new`;
const old = `${target}.old`;
const modules = join(here, "node_modules");

// What is copied as it is: source → plain name.
const COPIED = {
  [join(modules, "bootstrap-italia", "dist", "svg", "sprites.svg")]: "sprites.svg",
  [join(here, "assets", "favicon.svg")]: "favicon.svg",
};
const LICENCES = {
  "bootstrap-italia.txt": join(modules, "bootstrap-italia", "LICENSE"),
  "htmx.txt": join(modules, "htmx.org", "LICENSE"),
  "titillium-web-OFL.txt": join(modules, "bootstrap-italia", "dist", "fonts", "Titillium_Web", "OFL.txt"),
};

function hashed(name, bytes) {
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
  const ending = extname(name);
  return `${basename(name, ending)}-${digest}${ending}`;
}

function copyHashed(manifest) {
  for (const [source, name] of Object.entries(COPIED)) {
    const bytes = readFileSync(source);
    manifest[name] = hashed(name, bytes);
    writeFileSync(join(out, manifest[name]), bytes);
  }
}

// Bootstrap Italia embeds the icon font of a video player we do not have, as a data: address that our CSP refuses.
const withoutEmbeddedFonts = {
  name: "without-embedded-fonts",
  setup(builder) {
    builder.onLoad({ filter: /bootstrap-italia\.min\.css$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/@font-face\{[^}]*url\(data:[^}]*\}/g, ""),
      loader: "css",
    }));
  },
};

async function bundle(manifest) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: { app: "assets/app.js", style: "assets/app.css" },
    bundle: true,
    format: "esm",
    target: ["es2022", "chrome109", "firefox115", "safari16"],
    minify: true,
    sourcemap: false,
    legalComments: "none",
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    loader: { ".woff2": "file" },
    plugins: [withoutEmbeddedFonts],
    outdir: out,
    metafile: true,
    logLevel: "warning",
  });
  for (const [path, output] of Object.entries(result.metafile.outputs)) {
    if (output.entryPoint === "assets/app.js") manifest["app.js"] = basename(path);
    if (output.entryPoint === "assets/app.css") manifest["app.css"] = basename(path);
  }
}

// A compressed twin of each text file: the pages must be quick on a slow line even without a proxy in front.
function compress() {
  for (const name of readdirSync(out)) {
    if (![".css", ".js", ".svg"].includes(extname(name))) continue;
    writeFileSync(join(out, `${name}.gz`), gzipSync(readFileSync(join(out, name)), { level: 9 }));
  }
}

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "licenze"), { recursive: true });
const manifest = {};
copyHashed(manifest);
await bundle(manifest);
compress();
for (const [name, source] of Object.entries(LICENCES)) cpSync(source, join(out, "licenze", name));
const sorted = Object.fromEntries(Object.entries(manifest).sort());
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(sorted, null, 2)}\n`);
// Swapped in at once: a gateway that is running never sees half a folder.
rmSync(old, { recursive: true, force: true });
if (existsSync(target)) renameSync(target, old);
renameSync(out, target);
rmSync(old, { recursive: true, force: true });
console.log(Object.values(sorted).join("\n"));
