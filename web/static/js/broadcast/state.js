/** Which buttons a presenter has, and what stands over her own picture: pure. */

/** off: nothing captured · ready: seen by nobody · live · hidden: live, cut by the presenter · away: live, cut by the device.
 * @typedef {"off" | "ready" | "live" | "hidden" | "away"} State */
/** @typedef {{is_open: boolean, is_live: boolean, is_hidden: boolean, is_away: boolean}} Facts */

/** @type {Record<State, string[]>} */
const BUTTONS = {
  off: ["open"],
  ready: ["live", "flip", "mute"],
  live: ["hide", "flip", "mute", "screen", "stop"],
  hidden: ["show", "screen", "stop"],
  away: ["resume", "hide", "stop"],
};
/** @type {Record<State, string>} */
const WORDS = { off: "preview", ready: "", live: "", hidden: "isHidden", away: "isAway" };

/** @param {Facts} facts @returns {State} */
export function stateOf({ is_open, is_live, is_hidden, is_away }) {
  if (is_live) return is_hidden ? "hidden" : is_away ? "away" : "live";
  return is_open && !is_away ? "ready" : "off";
}

/** @param {State} state */
export function buttonsOf(state) {
  return BUTTONS[state];
}

/** The key of the words over the picture. @param {State} state */
export function wordsOf(state) {
  return WORDS[state];
}
