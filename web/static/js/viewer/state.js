/** What a viewer is told in place of the picture, and whether the stage is lit: pure. */

/**
 * up: the connection works · was_up: it did before · refused: the stage's last answer, 0 for none ·
 * seen: a first frame of this connection came.
 * @typedef {{
 *   closed: string, tracks: import("../stage/room_socket.js").Track[], wish: string, is_up: boolean,
 *   was_up: boolean, is_hopeless: boolean, refused: number, is_seen: boolean,
 * }} Standing
 */
/** `key` of the words, "" for none. @typedef {{key: string, is_open: boolean}} Shown */

// The answers of a stage that has no room for one more.
const FULL = [409, 429, 503];
const NOT_YOURS = [401, 403];
// A webinar's stage before it is live.
export const EARLY = 425;

/** @param {Standing} now @returns {Shown} */
export function shown(now) {
  if (now.closed) return { key: now.closed, is_open: false };
  if (NOT_YOURS.includes(now.refused)) return { key: "removed", is_open: false };
  if (now.is_hopeless) return { key: "noWay", is_open: false };
  if (!now.tracks.length || now.refused === EARLY) return { key: "waits", is_open: false };
  if (!now.is_up && !now.was_up && FULL.includes(now.refused)) return { key: "full", is_open: false };
  if (!now.is_up) return now.was_up ? { key: "again", is_open: now.is_seen } : { key: "connecting", is_open: false };
  if (now.wish === "audio") return { key: "soundOnly", is_open: true };
  const hasPicture = now.tracks.some(({ kind }) => kind === "video");
  if (!hasPicture) return { key: "onlySound", is_open: true };
  const comes = now.tracks.some(({ kind, state }) => kind === "video" && state === "flowing");
  return comes && !now.is_seen ? { key: "connecting", is_open: false } : { key: "", is_open: true };
}
