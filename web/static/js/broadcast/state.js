/** Which buttons a presenter has, and what stands over her own picture: pure. */

/**
 * off: nothing captured · ready: seen by nobody · live · hidden: live, cut by the presenter · away: live, cut by the
 * device · elsewhere: live, but from another device or program of hers · elsewhereHidden: that one is hidden.
 * @typedef {"off" | "ready" | "live" | "hidden" | "away" | "elsewhere" | "elsewhereHidden"} State
 */
/** elsewhere: how the stage shows what another device of hers sends; "" while none does.
 * @typedef {{
 *   is_open: boolean, is_live: boolean, is_hidden: boolean, is_away: boolean, elsewhere: "" | "shown" | "hidden",
 * }} Facts */

/** @type {Record<State, string[]>} */
const BUTTONS = {
  off: ["open"],
  ready: ["live", "flip", "mute"],
  live: ["hide", "flip", "mute", "screen", "stop"],
  hidden: ["show", "screen", "stop"],
  away: ["resume", "hide", "stop"],
  elsewhere: ["hide", "mute"],
  elsewhereHidden: ["show"],
};
/** @type {Record<State, string>} */
const WORDS = {
  off: "preview", ready: "", live: "", hidden: "isHidden", away: "isAway",
  elsewhere: "isElsewhere", elsewhereHidden: "isElsewhereHidden",
};

/** @param {Facts} facts @returns {State} */
export function stateOf({ is_open, is_live, is_hidden, is_away, elsewhere }) {
  if (is_live) return is_hidden ? "hidden" : is_away ? "away" : "live";
  if (elsewhere) return elsewhere === "hidden" ? "elsewhereHidden" : "elsewhere";
  return is_open && !is_away ? "ready" : "off";
}

/** @param {State} state @param {boolean} isOpen whether camera and microphone are on here: she may take over with them */
export function buttonsOf(state, isOpen = false) {
  const isElsewhere = state === "elsewhere" || state === "elsewhereHidden";
  return isElsewhere ? [...BUTTONS[state], isOpen ? "live" : "open"] : BUTTONS[state];
}

/** The key of the words over the picture. @param {State} state */
export function wordsOf(state) {
  return WORDS[state];
}

/**
 * How the stage shows what a presenter sends: "" nothing of hers is there. In a pause everybody is hidden.
 * @param {import("../stage/room_socket.js").Track[]} tracks @param {string} member @param {boolean} isPaused
 * @returns {"" | "shown" | "hidden"}
 */
export function shownOf(tracks, member, isPaused) {
  const own = tracks.filter((track) => track.member === member && track.source === "camera");
  if (!own.length) return "";
  return !isPaused && own.every(({ state }) => state === "hidden") ? "hidden" : "shown";
}

/** Whether the stage cuts a presenter's sound. @param {import("../stage/room_socket.js").Track[]} tracks @param {string} member */
export function isMutedIn(tracks, member) {
  return tracks.some((track) => track.member === member && track.kind === "audio" && track.state === "muted");
}
