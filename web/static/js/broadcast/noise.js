/**
 * Is the presenter heard over what is around? From the loudness of the last seconds: speech goes up and down with
 * every syllable, machines do not. Pure.
 */

/**
 * speech_db: loudness between 300 and 3400 Hz, in decibels below full scale · peak: the largest value, 0 to 1.
 * @typedef {{at: number, speech_db: number, peak: number}} Moment
 */
/** "" when all is well. @typedef {"" | "louder" | "silent" | "tooLoud"} Verdict */

const FROM_HZ = 300;
const TO_HZ = 3400;
// Several sentences and their pauses.
const WINDOW_MS = 6000;
// Before this much was heard nothing is said.
const ENOUGH_MS = 4000;
// A microphone that is off or covered.
const SILENT_DB = -80;
// Quieter surroundings disturb nobody, however flat.
const LOUD_DB = -55;
// Speech stands this much above its pauses when it can be followed.
const ABOVE_DB = 9;
const CLIPPED = 0.985;
// One clap is no matter.
const CLIPPED_SHARE = 0.04;

export class Listening {
  /** @type {Moment[]} */
  #heard = [];

  /** @param {Moment} moment @returns {Verdict} */
  put(moment) {
    this.#heard.push(moment);
    const from = moment.at - WINDOW_MS;
    while (this.#heard[0] && this.#heard[0].at < from) this.#heard.shift();
    return judge(this.#heard);
  }

  /** Another microphone, or the old one after a pause. */
  forget() {
    this.#heard = [];
  }
}

/** @param {Moment[]} heard oldest first @returns {Verdict} */
export function judge(heard) {
  const [first, last] = [heard[0], heard.at(-1)];
  if (!first || !last || last.at - first.at < ENOUGH_MS) return "";
  if (heard.filter(({ peak }) => peak >= CLIPPED).length / heard.length > CLIPPED_SHARE) return "tooLoud";
  const levels = heard.map(({ speech_db }) => speech_db).sort((a, b) => a - b);
  const [floor, top] = [percentile(levels, 0.15), percentile(levels, 0.9)];
  if (top < SILENT_DB) return "silent";
  return floor > LOUD_DB && top - floor < ABOVE_DB ? "louder" : "";
}

/** @param {number[]} sorted @param {number} share */
function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? -Infinity;
}

/**
 * The loudness of speech in one spectrum.
 * @param {ArrayLike<number>} spectrum decibels per bin, from 0 Hz up @param {number} rate samples per second
 */
export function speechLevel(spectrum, rate) {
  const width = rate / 2 / spectrum.length;
  let power = 0;
  for (let bin = Math.ceil(FROM_HZ / width); bin <= TO_HZ / width && bin < spectrum.length; bin++) {
    power += 10 ** ((spectrum[bin] ?? -Infinity) / 10);
  }
  return 10 * Math.log10(power || 1e-12);
}
