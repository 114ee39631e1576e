/** What a device asked: the server keeps where each question is, the words stay in this tab of this device. */

const PREFIX = "porthole.asked.";

/** @param {string} room @returns {Record<string, string>} by the question's id */
export function ownTexts(room) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + room) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {string} room @param {string} question @param {string} words */
export function keepText(room, question, words) {
  try {
    sessionStorage.setItem(PREFIX + room, JSON.stringify({ ...ownTexts(room), [question]: words }));
  } catch {
    // A browser that keeps nothing: the question then stands there without its words.
  }
}

/** Where a question of one's own is: the key of the words. @param {import("./floor.js").OwnQuestion} question */
export function whereIs({ state, held_for = [] }) {
  return state === "held" ? `held_${held_for[0] ?? "phone"}` : `is_${state}`;
}
