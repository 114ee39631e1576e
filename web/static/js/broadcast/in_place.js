/** Forms that are sent without leaving the page: whoever is live stays live. */

import { pageAt } from "../page.js";
import { mountCopies } from "./copies.js";

/** @param {HTMLElement} root @param {import("../texts.js").Texts} text */
export function mountInPlace(root, text) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.closest("[data-in-place]")) return;
    event.preventDefault();
    void send(root, form, text);
  });
}

/** @param {HTMLElement} root @param {HTMLFormElement} form @param {import("../texts.js").Texts} text */
async function send(root, form, text) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) fields.append(name, String(value));
  const page = await pageAt(form.action, { method: "POST", body: fields });
  if (!page) return;
  for (const place of root.querySelectorAll("[data-in-place]")) {
    const now = page.getElementById(place.id);
    if (!now) continue;
    place.replaceChildren(...now.childNodes);
    mountCopies(/** @type {HTMLElement} */ (place), text);
  }
  /** @type {HTMLElement | null} */ (root.querySelector("#obs summary"))?.focus();
}
