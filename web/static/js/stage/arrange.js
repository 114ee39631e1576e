/** Who stands where on the stage: pure. */

/** @typedef {import("./room_socket.js").Track} Track */
/** @typedef {{main: Track | null, others: Track[]}} Places */

/** Pictures that have a place: also those that stand still for a moment. @param {Track[]} tracks */
export function pictures(tracks) {
  return tracks.filter(({ kind }) => kind === "video").sort((a, b) => a.slot - b.slot);
}

/**
 * The screen is the main picture, else the first camera that shows something; the viewer's own choice goes
 * first while it is there.
 * @param {Track[]} tracks @param {number | null} chosen the slot a viewer made larger
 * @returns {Places}
 */
export function arrange(tracks, chosen) {
  const all = pictures(tracks);
  const main =
    all.find(({ slot }) => slot === chosen) ??
    all.find(({ source, state }) => source === "screen" && isSeen(state)) ??
    all.find(({ state }) => isSeen(state)) ??
    all[0] ??
    null;
  return { main, others: all.filter((track) => track !== main) };
}

/** @param {Track["state"]} state */
const isSeen = (state) => state === "flowing" || state === "muted";

/** A still stands in the place of this picture. @param {Track["state"]} state */
export function isStill(state) {
  return state === "hidden" || state === "stalled";
}

/** Each presenter once, in the order of the stage. @param {Track[]} tracks @returns {{member: string, name: string}[]} */
export function presenters(tracks) {
  const found = new Map(tracks.map(({ member, name }) => [member, { member, name }]));
  return [...found.values()];
}

/** What a reader of the page should hear when the stage changes. @typedef {{key: "came" | "left" | "hidden", name: string}} News */

/** @param {Track[]} before @param {Track[]} after @returns {News[]} */
export function news(before, after) {
  const was = new Map(presenters(before).map(({ member, name }) => [member, name]));
  const is = new Map(presenters(after).map(({ member, name }) => [member, name]));
  const came = [...is].filter(([member]) => !was.has(member));
  const left = [...was].filter(([member]) => !is.has(member));
  const stills = after.filter((track) => track.kind === "video" && isStill(track.state) && !wasStill(before, track));
  return [
    ...came.map(([, name]) => ({ key: /** @type {const} */ ("came"), name })),
    ...left.map(([, name]) => ({ key: /** @type {const} */ ("left"), name })),
    ...stills.map(({ name }) => ({ key: /** @type {const} */ ("hidden"), name })),
  ];
}

/** @param {Track[]} before @param {Track} track */
function wasStill(before, { member, source }) {
  return before.some((one) => one.kind === "video" && one.member === member && one.source === source && isStill(one.state));
}
