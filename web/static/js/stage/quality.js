/**
 * How a connection does, in a word: from what came between two looks at getStats. Pure.
 *
 * good: picture and sound come whole · fair: the picture is small or stands still now and then · sound: the
 * picture does not keep up, the sound does · poor: the sound breaks off too · none: nothing comes.
 */

/** @typedef {"good" | "fair" | "sound" | "poor" | "none"} Quality */
/**
 * One look at the connection. Counters count up from the start of the connection. `of`: which of its tracks it adds up.
 * @typedef {{
 *   of: string, at: number, bytes: number, received: number, lost: number, frames: number, frozen_s: number, height: number,
 *   samples: number, concealed: number, rtt_s: number,
 * }} Look
 */

// Below this many lines a picture is "smaller": the lowest layer of a camera.
const SMALL_LINES = 200;
// One packet in thirty lost is mended without anybody seeing it.
const LOST_FAIR = 0.03;
const LOST_POOR = 0.25;
// Share of the time the picture stood still.
const FROZEN_FAIR = 0.1;
const FROZEN_SOUND = 0.4;
// Share of the sound that was made up; a listener hears one twentieth.
const CONCEALED_FAIR = 0.03;
const CONCEALED_POOR = 0.1;
const LATE_S = 0.8;
// A better word waits until it held for three looks, a worse one for two, "none" is said at once.
const BETTER_AFTER = 3;
const WORSE_AFTER = 2;
/** From best to worst. @type {Quality[]} */
const ORDER = ["good", "fair", "sound", "poor", "none"];

/**
 * Adds up what a getStats report says.
 * @param {Iterable<any>} stats the values of an RTCStatsReport
 * @param {number} at milliseconds
 * @param {(one: any) => boolean} [counts] whether an incoming track is one that should flow
 * @returns {Look}
 */
export function lookAt(stats, at, counts = () => true) {
  const look = {
    of: "", at, bytes: 0, received: 0, lost: 0, frames: 0, frozen_s: 0, height: 0, samples: 0, concealed: 0, rtt_s: 0,
  };
  const added = [];
  for (const one of stats) {
    if (one.type === "inbound-rtp" && counts(one)) {
      add(look, one);
      added.push(one.mid);
    }
    if (one.type === "candidate-pair" && one.nominated) look.rtt_s = one.currentRoundTripTime ?? look.rtt_s;
  }
  look.of = added.sort().join();
  return look;
}

/** @param {Look} look @param {any} one */
function add(look, one) {
  look.bytes += one.bytesReceived ?? 0;
  look.received += one.packetsReceived ?? 0;
  look.lost += one.packetsLost ?? 0;
  if (one.kind === "audio") {
    look.samples += one.totalSamplesReceived ?? 0;
    look.concealed += (one.concealedSamples ?? 0) - (one.silentConcealedSamples ?? 0);
  } else {
    look.frames += one.framesDecoded ?? 0;
    look.frozen_s += one.totalFreezesDuration ?? 0;
    look.height = Math.max(look.height, one.frameHeight ?? 0);
  }
}

/**
 * @param {Look} before @param {Look} after
 * @param {boolean} hasPicture whether a moving picture should come
 * @returns {Quality | null} null where a track came or went in between: their counters tell nothing
 */
export function judge(before, after, hasPicture) {
  if (before.of !== after.of) return null;
  const seconds = (after.at - before.at) / 1000;
  const passed = (/** @type {"bytes" | "received" | "lost" | "frozen_s" | "samples" | "concealed" | "frames"} */ name) =>
    Math.max(0, after[name] - before[name]);
  if (!passed("bytes")) return "none";
  const lost = share(passed("lost"), passed("lost") + passed("received"));
  const concealed = share(passed("concealed"), passed("samples"));
  if (concealed > CONCEALED_POOR || lost > LOST_POOR) return "poor";
  const frozen = share(passed("frozen_s"), seconds);
  if (hasPicture && (frozen > FROZEN_SOUND || !passed("frames"))) return "sound";
  const isSmall = hasPicture && after.height > 0 && after.height < SMALL_LINES;
  const isRough = lost > LOST_FAIR || concealed > CONCEALED_FAIR || (hasPicture && frozen > FROZEN_FAIR);
  return isSmall || isRough || after.rtt_s > LATE_S ? "fair" : "good";
}

/** @param {number} part @param {number} whole */
const share = (part, whole) => (whole > 0 ? part / whole : 0);

/** Says a word only when it holds, so that nothing flickers. */
export class Steady {
  /** @type {Quality | null} */
  #said = null;
  /** @type {Quality | null} */
  #next = null;
  #times = 0;

  /** @param {Quality} found @returns {Quality} what to say */
  put(found) {
    if (this.#said === null || found === "none") return this.#say(found);
    this.#times = found === this.#next ? this.#times + 1 : 1;
    this.#next = found;
    const isBetter = ORDER.indexOf(found) < ORDER.indexOf(this.#said);
    return this.#times >= (isBetter ? BETTER_AFTER : WORSE_AFTER) ? this.#say(found) : this.#said;
  }

  /** A new connection begins without a past. */
  forget() {
    this.#said = this.#next = null;
    this.#times = 0;
  }

  /** @param {Quality} found */
  #say(found) {
    this.#said = found;
    this.#times = 0;
    this.#next = null;
    return found;
  }
}
