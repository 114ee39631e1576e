// tus-js-client as it is, from node. Arguments: way, endpoint, token, file, and for `resume` a share.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Readable } from "node:stream";

const [way, endpoint, token, file, share] = process.argv.slice(2);
const require = createRequire(new URL("../../web/package.json", import.meta.url));
const tus = require("tus-js-client");
const film = readFileSync(file);

const OPTIONS = {
  plain: {},
  withCreation: { uploadDataDuringCreation: true },
  chunks: { chunkSize: 300_000 },
  parallel: { parallelUploads: 3 },
  deferred: { uploadLengthDeferred: true, chunkSize: 300_000 },
  resume: { chunkSize: 300_000 },
};

function* blocks() {
  for (let at = 0; at < film.length; at += 50_000) yield film.subarray(at, at + 50_000);
}

/** @param {object} more */
function send(more) {
  return new Promise((resolve, reject) => {
    // a stream of unknown end is what a deferred length is for
    const source = way === "deferred" ? Readable.from(blocks()) : film;
    const upload = new tus.Upload(source, {
      endpoint,
      headers: { Authorization: `Bearer ${token}` },
      metadata: { filename: "film.mp4" },
      retryDelays: [0, 500, 1000],
      ...OPTIONS[way],
      onSuccess: () => resolve(upload.url),
      onError: reject,
      ...more,
    });
    upload.start();
    if (more.giveUpAt !== undefined) {
      upload.options.onChunkComplete = async (_, accepted) => {
        if (accepted < more.giveUpAt) return;
        await upload.abort();
        resolve(upload.url);
      };
    }
  });
}

let url = await send(way === "resume" ? { giveUpAt: film.length * Number(share) } : {});
if (way === "resume") url = await send({ uploadUrl: url });
console.log(url);
