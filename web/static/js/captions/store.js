/**
 * Keeps the lines: at once in this browser, soon after on the server. What the server has is
 * forgotten here; what it has not comes back after a reload.
 */

import { forget, recall, remember } from "../device.js";

/** @typedef {import("./rows.js").Row} Row */

/** Typing is over for so long before it is sent, in milliseconds. */
const PAUSE_MS = 800;
/** After a failed try, in milliseconds. */
const RETRY_MS = 5000;

/**
 * @typedef {{ saving: () => void, saved: (count: number) => void, offline: () => void,
 *   wrong: (line: number, message: string) => void }} Told
 */

export class Store {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Only one request at a time, so that an older list never overtakes a newer one. */
  #chain = Promise.resolve(true);

  /**
   * @param {{ url: string, key: string, source: string, isDraft: boolean }} place
   * @param {Told} told
   */
  constructor(place, told) {
    this.place = place;
    this.told = told;
  }

  /** Lines of an earlier visit that never reached the server. @returns {Row[] | null} */
  unsaved() {
    const rows = recall(this.place.key);
    return Array.isArray(rows) ? rows : null;
  }

  /** @param {Row[]} rows */
  changed(rows) {
    remember(this.place.key, rows);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(rows), PAUSE_MS);
  }

  /** Sends all lines now. @param {Row[]} rows @param {boolean} [isDraft] @returns {Promise<boolean>} */
  save(rows, isDraft = this.place.isDraft) {
    clearTimeout(this.#timer);
    this.#chain = this.#chain.then(() => this.#send(rows, isDraft));
    return this.#chain;
  }

  /** @param {Row[]} rows @param {boolean} isDraft */
  async #send(rows, isDraft) {
    this.told.saving();
    try {
      const answer = await fetch(this.place.url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ rows, is_draft: isDraft, source: this.place.source }),
      });
      return this.#heard(answer.ok, await answer.json(), rows);
    } catch {
      this.told.offline();
      this.#timer = setTimeout(() => void this.save(rows, isDraft), RETRY_MS);
      return false;
    }
  }

  /** @param {boolean} isKept @param {any} said @param {Row[]} rows */
  #heard(isKept, said, rows) {
    if (isKept) {
      if (JSON.stringify(recall(this.place.key)) === JSON.stringify(rows)) forget(this.place.key);
      this.told.saved(said.kept);
      return true;
    }
    const first = said.errors?.[0];
    this.told.wrong(first?.line ?? 0, first?.message ?? said.message ?? "");
    return false;
  }
}
