/**
 * Which way to the stage is tried when. Pure: time comes as an argument, in milliseconds of one steady clock.
 *
 * "direct" offers UDP and TCP at once, and ICE takes what gets through; "relay" goes through the TURN servers
 * only. A way is left only when it failed, so nothing flaps in a lesson; the one that worked is tried first
 * the next time.
 */

/** @typedef {"direct" | "relay"} Way */
/** @typedef {"udp" | "tcp" | "turn" | "none"} Rung */
/** `until`: by then it is up, or it failed. @typedef {{way: Way, until: number}} Try */
/** No way is left: a new round begins then. @typedef {{again_at: number}} Rest */

// Long enough for three lost packets on the way up, short enough for a second way within six seconds.
const PATIENCE_MS = 3000;
// By then a viewer has a picture or a sentence.
const TOTAL_MS = 6000;
// Rests between the rounds once all ways failed: a network may be opened, or left for another.
const RESTS_MS = [2000, 4000, 8000, 15_000];
// A laptop is at home again tomorrow.
const KEPT_MS = 24 * 3600 * 1000;

export class Ladder {
  /** @type {Way} */
  #first;
  #hasRelay;
  #beganAt = 0;
  #tried = 0;
  #rounds = 0;

  /** @param {boolean} hasRelay @param {Way} [first] what worked here before */
  constructor(hasRelay, first = "direct") {
    this.#hasRelay = hasRelay;
    this.#first = hasRelay ? first : "direct";
  }

  /** Every way failed since the last time one worked. */
  get isHopeless() {
    return this.#rounds > 0;
  }

  /** A round begins: at the start, or because the connection was lost. @param {number} now */
  begin(now) {
    this.#beganAt = now;
    this.#tried = 0;
  }

  /** What to do now; ask again when it failed or its time is over. @param {number} now @returns {Try | Rest} */
  next(now) {
    const ways = this.#ways();
    const way = ways[this.#tried++];
    if (way === undefined) return this.#rest(now);
    const isLast = this.#tried === ways.length;
    return { way, until: this.#beganAt + (isLast ? TOTAL_MS : PATIENCE_MS) };
  }

  /** This way works. @param {Way} way */
  up(way) {
    this.#first = way;
    this.#rounds = 0;
  }

  /** @returns {Way[]} */
  #ways() {
    if (!this.#hasRelay) return ["direct"];
    return this.#first === "relay" ? ["relay", "direct"] : ["direct", "relay"];
  }

  /** @param {number} now @returns {Rest} */
  #rest(now) {
    const rest = RESTS_MS[Math.min(this.#rounds, RESTS_MS.length - 1)] ?? 0;
    this.#rounds += 1;
    return { again_at: now + rest };
  }
}

/** What a device keeps about the way that worked. @typedef {{way: Way, at: number}} KeptWay */

/** @param {unknown} kept as it was remembered @param {number} now milliseconds since 1970 @returns {Way} */
export function firstWay(kept, now) {
  const { way, at } = /** @type {Partial<KeptWay>} */ (kept ?? {});
  const isFresh = typeof at === "number" && now - at < KEPT_MS && at <= now;
  return isFresh && way === "relay" ? "relay" : "direct";
}

/**
 * Which rung the chosen pair of addresses stands on.
 * @param {Iterable<any>} stats the values of an RTCStatsReport
 * @returns {Rung}
 */
export function rungOf(stats) {
  const all = new Map([...stats].map((one) => [one.id, one]));
  const pair = chosenPair(all);
  const local = all.get(pair?.localCandidateId);
  if (!local) return "none";
  if (local.candidateType === "relay") return "turn";
  return local.protocol === "tcp" ? "tcp" : "udp";
}

/** Firefox marks the pair itself, the others name it on the transport. @param {Map<string, any>} all */
export function chosenPair(all) {
  const values = [...all.values()];
  const transport = values.find((one) => one.type === "transport" && one.selectedCandidatePairId);
  return (
    all.get(transport?.selectedCandidatePairId) ??
    values.find((one) => one.type === "candidate-pair" && one.nominated && one.state === "succeeded")
  );
}
