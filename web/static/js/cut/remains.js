/** What is left of a film after start, end and cuts as typed. Without a page. */

import { parseTime } from "../captions/rows.js";

/** @typedef {[number, number]} Span from and to, in milliseconds */

/**
 * Null while a time cannot be read; the server judges once more.
 * @param {string} start @param {string} end @param {string} cuts @param {number} filmMs
 * @returns {Span[] | null}
 */
export function remains(start, end, cuts, filmMs) {
  const from = start.trim() ? parseTime(start) : 0;
  const to = end.trim() ? parseTime(end) : filmMs;
  if (from === null || to === null) return null;
  /** @type {Span[]} */
  let left = from < to ? [[from, Math.min(to, filmMs)]] : [];
  for (const line of cuts.split("\n").filter((one) => one.trim())) {
    const cut = cutOf(line, filmMs);
    if (!cut) return null;
    left = left.flatMap((span) => without(span, cut));
  }
  return left;
}

/** @param {string} line @param {number} filmMs @returns {Span | null} */
function cutOf(line, filmMs) {
  const sides = line.split(/[-–—]/);
  if (sides.length !== 2) return null;
  const [first = "", second = ""] = sides;
  const from = first.trim() ? parseTime(first) : 0;
  const to = second.trim() ? parseTime(second) : filmMs;
  return from === null || to === null ? null : [from, to];
}

/** @param {Span} span @param {Span} cut @returns {Span[]} */
function without([from, to], [cutFrom, cutTo]) {
  /** @type {Span[]} */
  const sides = [[from, Math.min(to, cutFrom)], [Math.max(from, cutTo), to]];
  return sides.filter(([a, b]) => a < b);
}
