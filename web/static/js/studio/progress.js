/** How far the film is, in one honest line; the page is loaded anew when that has changed for good. */

import { must } from "../elements.js";
import { readTexts } from "../texts.js";

/** Between two looks, in milliseconds. */
const LOOK_MS = 2000;
const BUSY = new Set(["uploaded", "probing", "queued", "encoding"]);

/** @typedef {{ state: string, stage: string, progress: number, seconds_left: number | null }} Status */

/** @param {Status} status @param {import("../texts.js").Texts} text */
function words(status, text) {
  const said = text(status.stage && status.state === "encoding" ? status.stage : status.state);
  if (status.seconds_left === null) return said;
  return text("left", { words: said, time: time(status.seconds_left, text) });
}

/** @param {number} seconds @param {import("../texts.js").Texts} text */
function time(seconds, text) {
  if (seconds < 50) return text("seconds", { number: Math.max(5, Math.ceil(seconds / 5) * 5) });
  const minutes = Math.round(seconds / 60);
  return minutes <= 1 ? text("minute") : text("minutes", { number: minutes });
}

/** @param {HTMLElement} root */
function mount(root) {
  const text = readTexts(root);
  const line = /** @type {HTMLElement} */ (must(root.querySelector(".progress-words")));
  const bar = /** @type {HTMLProgressElement} */ (must(root.querySelector("progress")));
  const look = async () => {
    try {
      const answer = await fetch(root.dataset.status ?? "");
      /** @type {Status} */
      const status = await answer.json();
      if (!BUSY.has(status.state)) {
        location.reload();
        return;
      }
      const said = words(status, text);
      if (line.textContent !== said) line.textContent = said;
      if (status.progress > 0) bar.value = status.progress;
      else bar.removeAttribute("value");
    } catch {
      // The next look may find the server again.
    }
    setTimeout(look, LOOK_MS);
  };
  void look();
}

for (const root of document.querySelectorAll("[data-status]")) mount(/** @type {HTMLElement} */ (root));
