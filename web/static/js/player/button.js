/** A button of the player: a shape, a name, and the same name as a tip. */

import { make } from "../elements.js";
import { icon } from "./icons.js";

/**
 * @param {string} shape @param {string} name @param {() => void} [press]
 * @param {import("../elements.js").Attributes} [attributes]
 */
export function button(shape, name, press, attributes = {}) {
  const made = make("button", { type: "button", class: "player-button", ...attributes }, icon(shape));
  rename(made, shape, name);
  if (press) made.addEventListener("click", press);
  return made;
}

/** Gives a button another shape and name. @param {Element} target @param {string} shape @param {string} name */
export function rename(target, shape, name) {
  if (target.getAttribute("aria-label") === name) return;
  target.setAttribute("aria-label", name);
  target.setAttribute("title", name);
  target.querySelector("svg")?.replaceWith(icon(shape));
}
