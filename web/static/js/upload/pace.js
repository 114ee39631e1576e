/** How fast bytes leave, and how long the rest will take. Time comes as an argument, in ms. */

/** Only the last stretch counts: a school's network is never the same for long. */
const WINDOW_MS = 20_000;
/** Before so much was seen no time is told. */
const LEAST_MS = 3_000;

export class Pace {
  /** @type {[number, number][]} moment and bytes sent by then */
  #seen = [];

  /** @param {number} now @param {number} sent */
  note(now, sent) {
    const last = this.#seen.at(-1);
    // after a break the server knows of fewer bytes than the browser had handed out
    if (last && sent < last[1]) this.#seen = [];
    this.#seen.push([now, sent]);
    while (now - this.#seen[0][0] > WINDOW_MS && this.#seen.length > 2) this.#seen.shift();
  }

  /** A pause is no slowness. */
  forget() {
    this.#seen = [];
  }

  /** @param {number} total @returns {number | null} Seconds to go; null while nobody can know. */
  secondsLeft(total) {
    const first = this.#seen[0];
    const last = this.#seen.at(-1);
    if (!first || !last || last[0] - first[0] < LEAST_MS || last[1] <= first[1]) return null;
    const bytesPerSecond = ((last[1] - first[1]) * 1000) / (last[0] - first[0]);
    return (total - last[1]) / bytesPerSecond;
  }
}

/** @param {number} seconds @param {import("../texts.js").Texts} text A time as people say it. */
export function spoken(seconds, text) {
  if (seconds < 50) return text("seconds", { number: Math.max(5, Math.ceil(seconds / 5) * 5) });
  const minutes = Math.round(seconds / 60);
  if (minutes <= 1) return text("minute");
  if (minutes < 100) return text("minutes", { number: minutes });
  return text("hours", { number: Math.round(minutes / 60) });
}

/** @param {number} bytes @param {string} language Bytes as people say them: 1.2 GB, 340 MB. */
export function size(bytes, language) {
  const [amount, unit] = bytes < 1e9 ? [bytes / 1e6, "MB"] : [bytes / 1e9, "GB"];
  const digits = unit === "GB" || amount < 10 ? 1 : 0;
  return `${amount.toLocaleString(language, { maximumFractionDigits: digits })} ${unit}`;
}
