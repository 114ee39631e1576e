import { must } from "../elements.js";
import { fill } from "../texts.js";

/** The question how many pupils there are, on a classroom screen: its button says the number it will tell. */
export class Headcount {
  /** @param {Element | null} form */
  constructor(form) {
    this.form = /** @type {HTMLFormElement} */ (must(form));
    this.field = /** @type {HTMLInputElement} */ (must(this.form.querySelector("input")));
    this.button = /** @type {HTMLButtonElement} */ (must(this.form.querySelector("button")));
    this.field.addEventListener("input", () => this.#nameButton());
    this.#nameButton();
  }

  /** What was typed; null: not a number of pupils. @returns {number | null} */
  get pupils() {
    const typed = this.field.value.trim();
    return /^\d{1,3}$/.test(typed) ? Number(typed) : null;
  }

  /** Puts a number in the field. @param {number | null} pupils */
  suggest(pupils) {
    this.field.value = String(pupils ?? "");
    this.#nameButton();
  }

  /** Calls with the number that is told; without one the field waits, after `onNone`. Until this is known the button
   * cannot be pressed: the browser would send the form itself, to nobody.
   * @param {(pupils: number) => void} then @param {() => void} [onNone] */
  whenTold(then, onNone = () => {}) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.pupils !== null) return then(this.pupils);
      onNone();
      this.field.focus();
    });
    this.button.disabled = false;
  }

  // "Start: 28 pupils"
  #nameButton() {
    const { words = "", noWords = "" } = this.button.dataset;
    this.button.textContent = this.pupils === null ? noWords : fill(words, { pupils: this.pupils });
  }
}
