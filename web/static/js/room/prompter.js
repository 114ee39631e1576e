/** What a presenter reads while she speaks: the approved question in large letters, the moderator's words, the time. */

import { must } from "../elements.js";
import { mountClaps } from "./claps.js";
import { staged } from "./floor.js";
import { classWords, put } from "./parts.js";

// A moderator's word stays so long.
const CUE_MS = 20_000;
const TICK_MS = 500;

/** @param {HTMLElement} place @param {import("./line.js").RoomLine} line @param {import("../texts.js").Texts} text */
export function mountPrompter(place, line, text) {
  /** @param {string} selector */
  const find = (selector) => /** @type {HTMLElement} */ (must(place.querySelector(selector)));
  let forget = 0;

  line.on("changed", (floor) => {
    const question = staged(floor);
    find("[data-prompt]").hidden = !question;
    put(find("[data-prompt-text]"), question?.text ?? "");
    put(find("[data-prompt-by]"), question ? classWords(text, question) : "");
    const item = floor.item === null ? undefined : floor.items[floor.item];
    put(find("[data-item]"), item ? text("itemNow", { title: item.title, minutes: item.minutes }) : "");
    tick();
  });

  line.on("cue", (cue) => {
    clearTimeout(forget);
    put(find("[data-cue]"), text(`cue_${cue}`));
    find("[data-cue]").hidden = false;
    forget = setTimeout(() => (find("[data-cue]").hidden = true), CUE_MS);
  });

  function tick() {
    const { timer_until } = line.floor;
    put(find("[data-timer]"), timer_until === null ? "" : timeWords(text, timer_until - Date.now()));
    find("[data-timer]").toggleAttribute("data-over", timer_until !== null && timer_until < Date.now());
  }

  mountClaps(find("[data-claps]"), line, text);
  setInterval(tick, TICK_MS);
}

/** "4:05 left", then "0:12 over time". @param {import("../texts.js").Texts} text @param {number} ms */
export function timeWords(text, ms) {
  const seconds = Math.abs(Math.trunc(ms / 1000));
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return text(ms < 0 ? "timeOver" : "timeLeft", { time });
}
