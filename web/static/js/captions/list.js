/** The lines under the film: two times and the words of each, all changed in place. */

import { make } from "../elements.js";
import { nudge, parseTime } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */

const STEP_MS = 100;
const LARGE_STEP_MS = 1000;

export class List {
  /**
   * @param {HTMLElement} root the list
   * @param {import("../texts.js").Texts} text
   * @param {string} language of the words
   * @param {{ changed: () => void, play: (fromMs: number, toMs: number) => void }} told
   */
  constructor(root, text, language, told) {
    this.root = root;
    this.text = text;
    this.language = language;
    this.told = told;
    root.addEventListener("input", () => told.changed());
    root.addEventListener("keydown", (event) => this.#nudge(event));
    root.addEventListener("click", (event) => this.#press(event));
  }

  /** @returns {Row[]} */
  get rows() {
    return [...this.root.children].map((line) => ({
      start: value(line, "start"),
      end: value(line, "end"),
      text: value(line, "text"),
    }));
  }

  set rows(rows) {
    this.root.replaceChildren(...rows.map((row, at) => this.#line(row, at + 1)));
  }

  /** Marks the line that is not right, none with 0. @param {number} number */
  mark(number) {
    [...this.root.children].forEach((line, at) => {
      for (const field of line.querySelectorAll("input, textarea")) {
        if (at + 1 === number) field.setAttribute("aria-invalid", "true");
        else field.removeAttribute("aria-invalid");
      }
    });
  }

  /** @param {number} number from 1 @param {"start" | "end" | "text"} name */
  focus(number, name = "text") {
    const line = this.root.children[number - 1];
    /** @type {HTMLElement | null | undefined} */ (line?.querySelector(`[data-name=${name}]`))?.focus();
  }

  /** @param {Row} row @param {number} number */
  #line(row, number) {
    const named = (/** @type {string} */ key) => `${this.text("line", { number })}: ${this.text(key)}`;
    const time = (/** @type {"start" | "end"} */ key) =>
      make("input", { "data-name": key, value: row[key], "aria-label": named(key), autocomplete: "off", class: "figure" });
    const words = make("textarea", { "data-name": "text", rows: 2, "aria-label": named("text"), lang: this.language });
    words.value = row.text;
    return make(
      "li",
      {},
      make("div", { class: "caption-times" }, time("start"), time("end")),
      words,
      make("div", { class: "caption-acts" },
        make("button", { type: "button", "data-act": "play", class: "button button-plain", "aria-label": named("play") }, "▶"),
        make("button", { type: "button", "data-act": "remove", class: "button button-plain", "aria-label": named("remove") }, "×")),
    );
  }

  /** @param {KeyboardEvent} event */
  #nudge(event) {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const step = event.shiftKey ? LARGE_STEP_MS : STEP_MS;
    field.value = nudge(field.value, event.key === "ArrowUp" ? step : -step);
    this.told.changed();
  }

  /** @param {MouseEvent} event */
  #press(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const line = button?.closest("li");
    if (!button || !line) return;
    if (button.dataset.act === "play") {
      this.told.play(parseTime(value(line, "start")) ?? 0, parseTime(value(line, "end")) ?? 0);
      return;
    }
    const at = [...this.root.children].indexOf(line);
    line.remove();
    this.rows = this.rows;
    this.focus(Math.min(at + 1, this.root.children.length));
    this.told.changed();
  }
}

/** @param {Element} line @param {string} name */
function value(line, name) {
  const field = line.querySelector(`[data-name=${name}]`);
  return field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement ? field.value : "";
}
