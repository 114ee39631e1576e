/** The cut page: keys and buttons on the film fill the typed times, which say what remains. */

import { showTime } from "../captions/rows.js";
import { must } from "../elements.js";
import { playerOf } from "../player/start.js";
import { readTexts } from "../texts.js";
import { remains } from "./remains.js";

/** @typedef {import("../player/player.js").Player} Player */

class Cutting {
  /** Where a cut has begun that has no end yet, in milliseconds. @type {number | null} */
  #cutFrom = null;

  /** @param {HTMLElement} root @param {Player} player */
  constructor(root, player) {
    this.player = player;
    this.text = readTexts(root);
    this.filmMs = Math.round(Number(root.dataset.duration) * 1000);
    this.start = /** @type {HTMLInputElement} */ (must(root.querySelector("#start")));
    this.end = /** @type {HTMLInputElement} */ (must(root.querySelector("#end")));
    this.cuts = /** @type {HTMLTextAreaElement} */ (must(root.querySelector("#cuts")));
    this.said = /** @type {HTMLElement} */ (must(root.querySelector("[data-remains]")));
    this.cutWords = /** @type {HTMLElement} */ (must(root.querySelector("[data-cut-words]")));
    const keys = /** @type {HTMLElement} */ (must(root.querySelector("[data-keys]")));
    keys.hidden = false;
    keys.addEventListener("click", (event) => this.#press(event));
    root.addEventListener("input", () => this.#tell());
    player.stage.addEventListener("keydown", (event) => this.#key(event));
    this.#tell();
  }

  get #now() {
    return showTime(Math.min(this.player.position * 1000, this.filmMs));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const name = { i: "start", o: "end", x: "cut" }[event.key.toLowerCase()];
    if (!name) return;
    event.preventDefault();
    this.#act(name);
  }

  /** @param {MouseEvent} event */
  #press(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (button?.dataset.act) this.#act(button.dataset.act);
  }

  /** @param {string} name */
  #act(name) {
    if (name === "start") this.start.value = this.#now;
    if (name === "end") this.end.value = this.#now;
    if (name === "cut") this.#cut();
    if (this.#cutFrom === null) this.#tell();
  }

  #cut() {
    const at = Math.round(this.player.position * 1000);
    if (this.#cutFrom === null) {
      this.#cutFrom = at;
      this.cutWords.textContent = this.text("cutTo");
      this.said.textContent = this.text("cutFromSaid", { time: showTime(at) });
      return;
    }
    const [from, to] = [Math.min(this.#cutFrom, at), Math.max(this.#cutFrom, at)];
    const line = `${showTime(from)} - ${showTime(to)}`;
    if (from < to) this.cuts.value = [this.cuts.value.trim(), line].filter(Boolean).join("\n");
    this.#cutFrom = null;
    this.cutWords.textContent = this.text("cutFrom");
  }

  #tell() {
    const left = remains(this.start.value, this.end.value, this.cuts.value, this.filmMs);
    if (!left) this.said.textContent = this.text("wrong");
    else if (!left.length) this.said.textContent = this.text("nothing");
    else {
      const pieces = left.map(([from, to]) => `${showTime(from)} – ${showTime(to)}`).join(", ");
      const length = showTime(left.reduce((sum, [from, to]) => sum + to - from, 0));
      this.said.textContent = this.text("remains", { pieces, length });
    }
  }
}

for (const root of document.querySelectorAll("[data-cutting]")) {
  void playerOf(document.querySelector(".player")).then((player) => new Cutting(/** @type {HTMLElement} */ (root), player));
}
