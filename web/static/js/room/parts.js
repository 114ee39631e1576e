/** Small things several pages of a room show the same way. */

import { make } from "../elements.js";

/** @typedef {import("../texts.js").Texts} Texts */

/** "class 3B, Twente". @param {Texts} text @param {{class_name: string, region: string}} one */
export function classWords(text, { class_name, region }) {
  return text(region ? "classIn" : "classOnly", { name: class_name, region });
}

/** A button that does something, and cannot be pressed twice meanwhile.
 * @param {string} act a name for it on its element @param {string} words @param {() => Promise<unknown>} press
 * @param {string} [kind] @param {string} [about] for screen readers: what it is about */
export function button(act, words, press, kind = "outlined", about = "") {
  const made = make("button", { type: "button", class: `button button-${kind}`, "data-act": act }, words);
  if (about) made.append(make("span", { class: "for-readers" }, ` ${about}`));
  made.addEventListener("click", () => {
    if (made.getAttribute("aria-disabled") === "true") return;
    made.setAttribute("aria-disabled", "true");
    void press().finally(() => made.removeAttribute("aria-disabled"));
  });
  return made;
}

/** What was refused is said. @param {HTMLElement} place @param {Texts} text */
export function sayer(place, text) {
  /** @param {Promise<string>} answer */
  return async (answer) => {
    const code = await answer;
    place.textContent = code ? text(code) : "";
    place.hidden = !code;
    return code;
  };
}

/** @param {number} at milliseconds since 1970 */
export function clock(at) {
  return new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** A choice with its votes as a bar. @param {Texts} text @param {import("./floor.js").Poll} poll
 * @param {import("./floor.js").Result | undefined} result @returns {HTMLElement[]} */
export function pollBars(text, poll, result) {
  const sums = poll.choices.map((_, at) => (result?.votes[at] ?? 0) + (result?.hands[at] ?? 0));
  const most = Math.max(1, ...sums);
  return poll.choices.map((choice, at) => {
    const bar = make("meter", { min: 0, max: most, value: sums[at] ?? 0, "aria-hidden": "true" });
    const hands = result?.hands[at] ?? 0;
    const line = make("li", {}, make("span", {}, choice), bar, make("span", { class: "figure" }, String(sums[at] ?? 0)));
    if (hands) line.append(make("span", { class: "quiet" }, text("votesHands", { hands })));
    return line;
  });
}

/** What stands still changes. @param {Element | null} place @param {string} words */
export function put(place, words) {
  if (place && place.textContent !== words) place.textContent = words;
}
