/** Stretches of a film in seconds: pure arithmetic. */

/** @typedef {[from: number, to: number]} Range */

// Two stretches this close are one: a browser tells the time about four times a second.
const CLOSE_S = 0.3;

/** Sorted and merged. @param {Range[]} ranges @returns {Range[]} */
export function merge(ranges) {
  /** @type {Range[]} */
  const merged = [];
  for (const [from, to] of ranges.filter(([a, b]) => b > a).sort((a, b) => a[0] - b[0])) {
    const last = merged[merged.length - 1];
    if (last && from <= last[1] + CLOSE_S) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** The next moment that lies in one of the stretches: itself, the next start, or null at the end.
 * @param {Range[]} ranges sorted @param {number} at */
export function nextIn(ranges, at) {
  const next = ranges.find(([, to]) => at < to);
  return next ? Math.max(next[0], at) : null;
}
