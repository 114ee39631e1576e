/**
 * Typing along: a few seconds play and wait; Enter keeps the words and goes on. Enter before the
 * end of a piece ends it there, so that a sentence can be one line.
 */

import { must } from "../elements.js";
import { lastEnd, showTime, wordsIn, withPiece } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */

/** Shorter than this nobody can read it, in milliseconds. */
const SHORTEST_MS = 800;
const SLOW = 0.7;

export class Typing {
  #fromMs = 0;
  #isBegun = false;
  /** Where each earlier piece began. @type {number[]} */
  #earlier = [];

  /**
   * @param {HTMLElement} root
   * @param {import("./pieces.js").Pieces} pieces
   * @param {import("../texts.js").Texts} text
   * @param {{ rows: () => Row[], put: (rows: Row[]) => void, ended: () => void }} lines
   */
  constructor(root, pieces, text, lines) {
    this.pieces = pieces;
    this.text = text;
    this.lines = lines;
    this.field = /** @type {HTMLTextAreaElement} */ (must(root.querySelector("[data-typed]")));
    this.said = /** @type {HTMLElement} */ (must(root.querySelector("[data-piece]")));
    this.lengths = /** @type {HTMLSelectElement} */ (must(root.querySelector("[data-length]")));
    this.slower = must(root.querySelector("[data-act=slower]"));
    this.#fromMs = Math.min(lastEnd(lines.rows()), this.#filmMs);
    this.field.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("click", (event) => this.#press(event));
    this.#tell();
  }

  get #filmMs() {
    return Math.round(this.pieces.player.duration * 1000);
  }

  get #toMs() {
    return Math.min(this.#fromMs + Number(this.lengths.value) * 1000, this.#filmMs);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const act = this.#actOf(event);
    if (!act || event.isComposing) return;
    event.preventDefault();
    act();
  }

  /** @param {KeyboardEvent} event @returns {(() => void) | null} */
  #actOf(event) {
    if (event.key === "Enter" && !event.shiftKey) return () => this.#enter();
    if (event.key === "Escape") return () => this.#play();
    if (event.ctrlKey && event.key === "ArrowUp") return () => this.#back();
    if (event.ctrlKey && event.key === "ArrowDown") return () => this.#slow();
    return null;
  }

  /** @param {MouseEvent} event */
  #press(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    /** @type {Record<string, () => void>} */
    const acts = { go: () => this.#play(), again: () => this.#play(), back: () => this.#back(), slower: () => this.#slow() };
    acts[button?.dataset.act ?? ""]?.();
    if (button) this.field.focus();
  }

  #play() {
    this.#isBegun = true;
    this.#tell();
    this.pieces.play(this.#fromMs, this.#toMs);
  }

  /** The first Enter starts; each further one keeps what was typed. */
  #enter() {
    if (!this.#isBegun) {
      this.#play();
      return;
    }
    const toMs = this.#endOfPiece();
    this.lines.put(withPiece(this.lines.rows(), this.#fromMs, toMs, this.field.value));
    this.#earlier.push(this.#fromMs);
    this.#fromMs = toMs;
    this.#show();
    if (toMs >= this.#filmMs) this.lines.ended();
    else this.#play();
  }

  /** Where it plays now, or the whole piece when it has played out or hardly begun. */
  #endOfPiece() {
    const at = this.pieces.positionMs;
    const isInside = this.pieces.player.isPlaying && at - this.#fromMs >= SHORTEST_MS;
    return isInside ? Math.min(at, this.#toMs) : this.#toMs;
  }

  #back() {
    this.#fromMs = this.#earlier.pop() ?? Math.max(0, this.#fromMs - Number(this.lengths.value) * 1000);
    this.#show();
    this.#play();
  }

  #slow() {
    const isSlow = this.slower.getAttribute("aria-pressed") !== "true";
    this.slower.setAttribute("aria-pressed", String(isSlow));
    this.pieces.player.video.playbackRate = isSlow ? SLOW : 1;
  }

  #show() {
    this.field.value = wordsIn(this.lines.rows(), this.#fromMs, this.#toMs);
    this.#tell();
  }

  #tell() {
    this.said.textContent = this.text("piece", { start: showTime(this.#fromMs), end: showTime(this.#toMs) });
  }
}
