/** The teacher's page keeps its figures fresh; when the lesson changes state it is loaded anew. */

import { clock } from "../player/timecode.js";

const EVERY_MS = 3000;

const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-lesson]"));

/** @param {string} name @param {string} text */
function put(name, text) {
  const place = root?.querySelector(`[data-${name}]`);
  if (place && place.textContent !== text) place.textContent = text;
}

/** @param {HTMLElement} page */
async function refresh(page) {
  const answer = await fetch(`/sessions/${page.dataset.lesson}/now`).catch(() => null);
  if (!answer?.ok) return;
  const now = await answer.json();
  const isTyping = document.activeElement instanceof HTMLInputElement;
  const isNew = now.state !== page.dataset.state || String(now.waiting) !== page.dataset.waiting;
  if (isNew && !isTyping) location.reload();
  put("phones", String(now.phones));
  put("headcount", now.headcount === null ? "–" : String(now.headcount));
  put("position", clock(now.position_ms / 1000));
  const screen = /** @type {HTMLElement | null} */ (page.querySelector("[data-screen-on]"));
  if (screen) screen.hidden = !now.has_beamer;
}

if (root) {
  setInterval(() => {
    if (document.visibilityState === "visible") void refresh(root);
  }, EVERY_MS);
}
