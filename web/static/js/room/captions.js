/** What is said, under the stage: the last lines in one of three sizes, as this device's reader wants them. */

import { recall, remember } from "../device.js";
import { make, must } from "../elements.js";
import { captionsFor } from "./floor.js";
import { showList } from "./list.js";
import { put } from "./parts.js";

/** @typedef {"off" | "small" | "normal" | "large"} Size */
/** @typedef {{size: Size, has_box: boolean}} Wish */

const KEY = "room_captions";
/** @type {Wish} */
const USUAL = { size: "normal", has_box: true };
const LINES = 3;
// Long enough to read three lines twice; then silence is silence.
const STAYS_MS = 20_000;

/** @param {HTMLElement} root @param {import("./line.js").RoomLine} line @param {import("../texts.js").Texts} text */
export function mountCaptions(root, line, text) {
  const place = /** @type {HTMLElement | null} */ (root.querySelector("[data-captions]"));
  if (!place) return;
  const lines = must(place.querySelector("[data-caption-lines]"));
  const form = /** @type {HTMLFormElement} */ (must(place.querySelector("[data-caption-form]")));
  /** @type {Wish} */
  let wish = { ...USUAL, ...recall(KEY) };
  let forget = 0;
  let last = "";

  const apply = () => {
    place.dataset.size = wish.size;
    place.dataset.box = wish.has_box ? "dark" : "none";
    put(place.querySelector("[data-caption-wish]"), `: ${text(wish.size === "off" ? "captionsOff" : wish.size)}`);
    for (const input of form.querySelectorAll("input")) {
      input.checked = input.type === "radio" ? input.value === wish.size : wish.has_box;
    }
  };

  /** @param {import("./floor.js").Caption[]} shown */
  const draw = (shown) =>
    showList(lines, shown, ({ id }) => id, (one) => one.text, (one) => make("p", { lang: one.language }, make("span", {}, one.text)));

  line.on("changed", (floor) => {
    const language = document.documentElement.lang;
    const said = captionsFor(floor, language);
    place.hidden = !said.length && !floor.captions_in.length;
    const newest = said.map(({ id, number }) => id + number).join();
    if (newest === last) return;
    last = newest;
    clearTimeout(forget);
    if (wish.size !== "off") draw(said.slice(-LINES));
    forget = setTimeout(() => draw([]), STAYS_MS);
  });
  form.addEventListener("change", () => {
    const asked = new FormData(form);
    wish = { size: /** @type {Size} */ (asked.get("size") ?? "normal"), has_box: asked.has("box") };
    remember(KEY, wish);
    if (wish.size === "off") draw([]);
    apply();
  });
  apply();
}
