/** Times of a film as figures and as words. */

/** 3725 → "1:02:05", 65 → "1:05". @param {number} seconds */
export function clock(seconds) {
  const { h, m, s } = parts(seconds);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "1 h 2 min 5 s", for those who listen. @param {number} seconds @param {import("../texts.js").Texts} text */
export function spoken(seconds, text) {
  const { h, m, s } = parts(seconds);
  const words = [];
  if (h) words.push(`${h} ${text("hour")}`);
  if (m) words.push(`${m} ${text("minute")}`);
  if (s || !words.length) words.push(`${s} ${text("second")}`);
  return words.join(" ");
}

/** @param {number} seconds */
function parts(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  return { h: Math.floor(whole / 3600), m: Math.floor((whole % 3600) / 60), s: whole % 60 };
}
