/** Lines of captions as they are typed, and times as people type them. Without a page. */

/** @typedef {{ start: string, end: string, text: string }} Row */

/** "1:02.5", "62,5" or "1:01:02" in milliseconds; null while it is no time. @param {string} typed */
export function parseTime(typed) {
  const found = /^(?:(?:(\d{1,2}):)?(\d{1,4}):)?(\d{1,5})(?:[.,](\d{1,3})\d*)?$/.exec(typed.trim());
  if (!found) return null;
  const [, hours, minutes, seconds, fraction] = found;
  const whole = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds);
  return whole * 1000 + Number((fraction ?? "").padEnd(3, "0"));
}

/** 65500 → "1:05.5". @param {number} ms */
export function showTime(ms) {
  const tenths = Math.max(0, Math.round(ms / 100));
  const seconds = Math.floor(tenths / 10);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const whole = hours ? `${hours}:${two(minutes)}` : String(minutes);
  return `${whole}:${two(seconds % 60)}${tenths % 10 ? `.${tenths % 10}` : ""}`;
}

/** A time moved by so many milliseconds; what is no time stays. @param {string} typed @param {number} byMs */
export function nudge(typed, byMs) {
  const ms = parseTime(typed);
  return ms === null ? typed : showTime(ms + byMs);
}

/** In the film's order; what has no time yet stays last. @param {Row[]} rows @returns {Row[]} */
export function inOrder(rows) {
  const at = (/** @type {Row} */ row) => parseTime(row.start) ?? Infinity;
  return [...rows].sort((a, b) => at(a) - at(b));
}

/**
 * Puts a piece in the place of whatever began inside it. Without words it only takes away.
 * @param {Row[]} rows @param {number} fromMs @param {number} toMs @param {string} text
 * @returns {Row[]}
 */
export function withPiece(rows, fromMs, toMs, text) {
  const others = rows.filter((row) => {
    const start = parseTime(row.start);
    return start === null || start < fromMs || start >= toMs;
  });
  if (!text.trim()) return inOrder(others);
  return inOrder([...others, { start: showTime(fromMs), end: showTime(toMs), text: text.trim() }]);
}

/** The words that begin in a piece. @param {Row[]} rows @param {number} fromMs @param {number} toMs */
export function wordsIn(rows, fromMs, toMs) {
  return rows.find((row) => {
    const start = parseTime(row.start);
    return start !== null && start >= fromMs && start < toMs;
  })?.text ?? "";
}

/** Where typing goes on: the end of the last line. @param {Row[]} rows */
export function lastEnd(rows) {
  return Math.max(0, ...rows.map((row) => parseTime(row.end) ?? 0));
}
