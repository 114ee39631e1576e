/** How well a presenter's connection carries what is sent: from a getStats report, in a word. Pure. */

/** @typedef {import("../stage/quality.js").Quality} Quality */
/** available_bps: what the browser believes gets up; 0: not known. @typedef {{available_bps: number, lost: number, rtt_s: number}} Uplink */

// The whole picture and the voice; the middle layer and the voice; a voice.
const GOOD_BPS = 1_200_000;
const FAIR_BPS = 350_000;
const SOUND_BPS = 60_000;
const LOST_FAIR = 0.05;
const LOST_POOR = 0.25;

/** The words of a slow one, by their keys. @type {Partial<Record<Quality, string>>} */
const WORDS = { fair: "uplinkFair", sound: "uplinkPoor", poor: "uplinkPoor" };

/** @param {Iterable<any>} stats the values of an RTCStatsReport @returns {Uplink} */
export function uplinkOf(stats) {
  const found = { available_bps: 0, lost: 0, rtt_s: 0 };
  for (const one of stats) {
    if (one.type === "candidate-pair" && one.nominated) {
      found.available_bps = one.availableOutgoingBitrate ?? found.available_bps;
      found.rtt_s = one.currentRoundTripTime ?? found.rtt_s;
    }
    if (one.type === "remote-inbound-rtp") found.lost = Math.max(found.lost, one.fractionLost ?? 0);
  }
  return found;
}

/** @param {Uplink} uplink @returns {Quality} */
export function judgeUplink({ available_bps, lost }) {
  if (lost > LOST_POOR || (available_bps && available_bps < SOUND_BPS)) return "poor";
  if (available_bps && available_bps < FAIR_BPS) return "sound";
  if (lost > LOST_FAIR || (available_bps && available_bps < GOOD_BPS)) return "fair";
  return "good";
}

/**
 * What a presenter reads after a look at her uplink: another problem that stands there is left to be read.
 * @param {string} shown the key of its words, "" for none @param {Quality} quality
 */
export function problemAfter(shown, quality) {
  return WORDS[quality] ?? (Object.values(WORDS).includes(shown) ? "" : shown);
}
