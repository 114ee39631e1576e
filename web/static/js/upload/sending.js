/** One film on its way: starts, pauses, goes on by itself after a break, and says how it stands. */

import { Upload } from "tus-js-client";

import { Signals } from "../signals.js";
import { fingerprint } from "./kept.js";

/** After each failure without progress; then once per LOOK_AGAIN_MS, as long as the page is open. */
const RETRY_DELAYS_MS = [0, 1000, 3000, 5000, 10_000];
const LOOK_AGAIN_MS = 15_000;
/** Not errors of the film: wait and go on. 408 and 423: another page took over for a moment. */
const PASSING = new Set([0, 408, 409, 423, 429, 500, 502, 503, 504]);

/**
 * @typedef {{
 *   progress: { sent: number, total: number },
 *   waiting: null,
 *   failed: { status: number, message: string },
 *   done: null,
 * }} Happenings
 */

/** @extends {Signals<Happenings>} */
export class Sending extends Signals {
  /** @type {Upload} */
  #upload;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #again;
  /** Whether the reader wants it to go on; false after a pause, a failure and at the end. */
  #isWanted = false;

  /** @param {File} file @param {{ tour: string, endpoint: string }} place */
  constructor(file, { tour, endpoint }) {
    super();
    this.file = file;
    this.#upload = new Upload(file, {
      endpoint,
      metadata: { filename: file.name, filetype: file.type, tour },
      fingerprint: async () => fingerprint(tour, file),
      removeFingerprintOnSuccess: true,
      retryDelays: RETRY_DELAYS_MS,
      onShouldRetry: (error, tries) => this.#triesAgain(error, tries),
      onProgress: (sent, total) => this.send("progress", { sent, total: total ?? file.size }),
      onSuccess: () => this.#end(),
      onError: (error) => this.#broke(error),
    });
    addEventListener("online", () => this.#retry());
  }

  /** Starts, or goes on after a pause, a failure or a reload of the page. */
  async start() {
    this.#isWanted = true;
    if (!this.#upload.url) {
      const [before] = await this.#upload.findPreviousUploads();
      if (before) this.#upload.resumeFromPreviousUpload(before);
    }
    if (this.#isWanted) this.#upload.start();
  }

  /** What arrived stays on the server. */
  async pause() {
    this.#stop();
    await this.#upload.abort();
  }

  /** What arrived is removed. */
  async cancel() {
    this.#stop();
    await this.#upload.abort(true);
  }

  #stop() {
    this.#isWanted = false;
    clearTimeout(this.#again);
  }

  #end() {
    this.#stop();
    this.send("done", null);
  }

  /** The first try again follows at once: only when it breaks too is it worth a word.
   * @param {unknown} error @param {number} tries */
  #triesAgain(error, tries) {
    const isPassing = PASSING.has(statusOf(error));
    if (isPassing && tries > 0) this.send("waiting", null);
    return isPassing;
  }

  /** @param {unknown} error */
  #broke(error) {
    const status = statusOf(error);
    if (!PASSING.has(status)) {
      this.#stop();
      this.send("failed", { status, message: messageOf(error) });
      return;
    }
    this.send("waiting", null);
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#retry(), LOOK_AGAIN_MS);
  }

  #retry() {
    if (!this.#isWanted || this.#again === undefined) return;
    clearTimeout(this.#again);
    this.#again = undefined;
    this.#upload.start();
  }
}

/** @param {any} error @returns {number} 0 when no answer came. */
function statusOf(error) {
  return error?.originalResponse?.getStatus?.() ?? 0;
}

/** @param {any} error @returns {string} The server's own sentence, or nothing. */
function messageOf(error) {
  try {
    return JSON.parse(error.originalResponse.getBody()).message ?? "";
  } catch {
    return "";
  }
}
