/** Beside each field that is there to be copied: a button that does it. */

import { make } from "../elements.js";

// Long enough to read the word.
const READ_MS = 2000;

/** @param {HTMLElement} root @param {import("../texts.js").Texts} text */
export function mountCopies(root, text) {
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[data-copies]"))) {
    const about = root.querySelector(`label[for="${input.id}"]`)?.textContent ?? "";
    const name = make("span", { class: "for-readers" }, ` ${about}`);
    const words = make("span", { "aria-live": "polite" }, text("copy"));
    const button = make("button", { type: "button", class: "button button-outlined" }, words, name);
    button.addEventListener("click", async () => {
      input.select();
      await navigator.clipboard?.writeText(input.value).catch(() => {});
      words.textContent = text("copied");
      setTimeout(() => (words.textContent = text("copy")), READ_MS);
    });
    input.after(button);
  }
}
