/** What a presenter sees of her studio besides the picture: the buttons she has now, and the words. */

import { must } from "../elements.js";
import { Sharing } from "./sharing.js";
import { buttonsOf, stateOf, wordsOf } from "./state.js";

export class Face {
  /** @param {HTMLElement} root @param {import("../texts.js").Texts} text */
  constructor(root, text) {
    this.root = root;
    this.text = text;
  }

  /** @param {string} name @returns {HTMLButtonElement} */
  button(name) {
    return /** @type {HTMLButtonElement} */ (must(this.root.querySelector(`[data-do=${name}]`)));
  }

  /** @param {import("./state.js").Facts} facts @param {{isMuted: boolean, isShared: boolean}} switches */
  show(facts, { isMuted, isShared }) {
    const state = stateOf(facts);
    const had = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.do;
    this.root.dataset.state = state;
    const buttons = buttonsOf(state, facts.is_open);
    const wanted = new Set(buttons);
    if (this.button("flip").dataset.able !== "yes") wanted.delete("flip");
    if (!Sharing.isPossible) wanted.delete("screen");
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll(".broadcast-acts [data-do]"))) {
      button.hidden = !wanted.has(button.dataset.do ?? "");
    }
    // The button that was pressed is gone: its successor has the focus.
    if (had && !wanted.has(had)) this.button(buttons[0] ?? "open").focus({ preventScroll: true });
    this.#switch("live", facts.elsewhere !== "");
    this.#switch("mute", isMuted);
    this.#switch("screen", isShared);
    const words = wordsOf(state);
    this.put("[data-picture-words]", words ? this.text(words) : "");
  }

  /** Nothing can be done here any more. */
  close() {
    for (const button of this.root.querySelectorAll("button[data-do]")) /** @type {HTMLButtonElement} */ (button).hidden = true;
  }

  /** @param {string} selector @param {boolean} isShown */
  toggle(selector, isShown) {
    for (const place of this.root.querySelectorAll(selector)) /** @type {HTMLElement} */ (place).hidden = !isShown;
  }

  /** @param {string} selector @param {string} words */
  put(selector, words) {
    const place = must(this.root.querySelector(selector));
    if (place.textContent !== words) place.textContent = words;
  }

  /** A button with two names. @param {string} name @param {boolean} isDone what its first name says */
  #switch(name, isDone) {
    const button = this.button(name);
    const { on = "", off = "" } = button.dataset;
    const words = name === "mute" ? (isDone ? off : on) : isDone ? on : off;
    if (button.textContent !== words) button.textContent = words;
  }
}
