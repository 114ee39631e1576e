/**
 * The heart of a device in a lesson: every two seconds what it saw and heard, in one queue, oldest first.
 * A beat leaves the queue when the server has it safe. What the server tells back is where the class is.
 */

import { Signals } from "../signals.js";
import { newUuid } from "../uuid.js";
import { keep, left, letGo } from "./kept.js";

/**
 * at: this device's clock, milliseconds. Ranges in milliseconds of the film.
 * @typedef {{
 *   connection: string, number: number, at: number, ranges_ms: [number, number][], position_ms: number,
 *   is_playing: boolean, media_wanted: boolean, media_flowed: boolean, events: string[], is_leaving?: boolean,
 * }} Beat
 */
/**
 * @typedef {{
 *   state: "planned" | "running" | "ended" | "cancelled" | "left", kind: "beamer" | "own" | "companion",
 *   is_waiting: boolean, has_beamer: boolean, is_playing: boolean, position_ms: number,
 *   headcount: number | null, phones: number, waiting: number, unplaced: string[],
 * }} Told
 */
/** @typedef {{told: Told, online: boolean, gone: null}} BeatEvents */

const BEAT_MS = 2000;
// After a longer silence (the lid was closed) this is a new visit: presence is never guessed. Well below
// the 30 s at which the server says so, for the way there is not equally long for every beat.
const SILENCE_MS = 20_000;
// The server takes 200 at once; a long time without network is sent in parts.
const AT_ONCE = 100;
// More than two and a half hours without network: then the oldest minutes are given up.
const MOST_KEPT = 5000;
// The server writes once a second; a busy one is given the time.
const SETTLE_MS = 5000;
const LOOK_MS = 100;
// A page that is loaded anew first sends what waits; hours of it take this long at most.
const DRAIN_MS = 60_000;
// A number keeps at most eight events.
const MOST_EVENTS = 8;

/** @extends {Signals<BeatEvents>} */
export class Beats extends Signals {
  /** @type {Beat[]} */
  #queue = [];
  #connection = newUuid();
  #number = 0;
  #lastAt = Date.now();
  /** @type {[number, number][]} */
  #fresh = [];
  /** @type {string[]} */
  #events = ["connected"];
  #isSending = false;
  #isOver = false;
  #isGone = false;
  #isOnline = true;
  #hasFlowed = false;
  #hasWanted = false;
  /** @type {import("../player/player.js").Player | null} */
  #player = null;

  /** @param {string} session its id */
  constructor(session) {
    super();
    this.session = session;
    this.url = `/sessions/${session}/beats`;
  }

  async start() {
    this.#events.push(document.visibilityState === "visible" ? "shown" : "hidden");
    document.addEventListener("visibilitychange", () => this.#seen());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => event.persisted && this.#comeBack());
    addEventListener("online", () => void this.#send());
    this.#queue = [...(await left(this.session)), ...this.#queue];
    this.#beat();
    setInterval(() => this.#beat(), BEAT_MS);
  }

  /** The lesson is over: only what an earlier page could not send goes out, and nothing new. */
  async sendLeft() {
    this.stop();
    this.#queue = await left(this.session);
    const timer = setInterval(() => {
      void this.#send();
      if (this.#isGone || !this.#queue.length) clearInterval(timer);
    }, BEAT_MS);
    await this.#send();
  }

  /** Tells of this film from now on. @param {import("../player/player.js").Player} player */
  watch(player) {
    this.#player = player;
    player.on("watched", (ranges) => {
      this.#hasFlowed = true;
      for (const [from, to] of ranges) this.#fresh.push([Math.round(from * 1000), Math.round(to * 1000)]);
    });
    player.on("play", () => (this.#hasWanted = true));
    player.video.addEventListener("playing", () => this.#note("media_flowing"));
    player.on("waiting", (isWaiting) => isWaiting && this.#note("media_stopped"));
  }

  /** A stop, a jump, a start: the class should hear of it now, not at the next beat. */
  now() {
    // The player tells what was watched up to here in the same moment: let it speak first.
    setTimeout(() => this.#beat(), 0);
  }

  /** Waits until all is safe with the server, or for as long as somebody waits before a screen. */
  async settle() {
    this.#beat();
    const until = Date.now() + SETTLE_MS;
    while (this.#queue.length && Date.now() < until) {
      await new Promise((done) => setTimeout(done, LOOK_MS));
      void this.#send();
    }
  }

  /** Before the page is loaded anew: sends what waits, and keeps what cannot be sent. */
  async drain() {
    const until = Date.now() + DRAIN_MS;
    while (this.#queue.length >= AT_ONCE && this.#isOnline && Date.now() < until) {
      await new Promise((done) => setTimeout(done, LOOK_MS));
      void this.#send();
    }
    await keep(this.session, this.#queue);
  }

  /** No more beats; those made are still sent. */
  stop() {
    this.#isOver = true;
  }

  #seen() {
    this.#note(document.visibilityState === "visible" ? "shown" : "hidden");
    this.#beat();
  }

  /** @param {string} event */
  #note(event) {
    if (this.#events.length < MOST_EVENTS && this.#events.at(-1) !== event) this.#events.push(event);
  }

  #comeBack() {
    this.#renew();
    this.#beat();
  }

  #renew() {
    this.#connection = newUuid();
    this.#number = 0;
    this.#hasFlowed = false;
    this.#hasWanted = this.#player?.isPlaying ?? false;
    this.#events = ["connected"];
  }

  #beat() {
    if (this.#isOver) return void this.#send();
    if (Date.now() - this.#lastAt > SILENCE_MS) this.#renew();
    this.#queue.push(this.#made());
    if (this.#queue.length > MOST_KEPT) void letGo(this.#queue.splice(0, this.#queue.length - MOST_KEPT));
    void this.#send();
  }

  /** @returns {Beat} */
  #made() {
    const player = this.#player;
    this.#lastAt = Date.now();
    const beat = {
      connection: this.#connection,
      number: this.#number++,
      at: this.#lastAt,
      ranges_ms: this.#fresh.splice(0, 64),
      position_ms: Math.round((player?.position ?? 0) * 1000),
      is_playing: player?.isPlaying ?? false,
      media_wanted: this.#hasWanted,
      media_flowed: this.#hasFlowed,
      events: this.#events,
    };
    this.#events = [];
    return beat;
  }

  async #send() {
    if (this.#isSending || this.#isGone || !this.#queue.length) return;
    this.#isSending = true;
    const beats = this.#queue.slice(0, AT_ONCE);
    try {
      await this.#post(beats);
    } finally {
      this.#isSending = false;
    }
    if (this.#queue.length >= AT_ONCE && this.#isOnline) void this.#send();
  }

  /** @param {Beat[]} beats */
  async #post(beats) {
    /** @type {Response} */
    let answer;
    try {
      answer = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: body(beats),
        signal: AbortSignal.timeout(20_000),
      });
    } catch {
      return this.#keepAll();
    }
    if (answer.ok) return this.#told(beats, await answer.json());
    if (answer.status >= 500 || answer.status === 429) return this.#keepAll();
    if (answer.status === 404) return this.#gone();
    // Refused as they are: sending them again would hold up all that come after.
    this.#drop(beats);
  }

  /** @param {Beat[]} beats @param {Told} told */
  #told(beats, told) {
    const lost = new Set(told.unplaced);
    this.#drop(beats.filter((beat) => !lost.has(beat.connection)));
    for (const connection of lost) this.#rename(connection);
    this.#isOnline = true;
    this.send("online", true);
    this.send("told", told);
    if (told.state !== "left" || this.#isOver) return;
    // What was seen before another screen took over still counts: it goes on being sent.
    this.stop();
    this.send("gone", null);
  }

  /** The server has not written these: they are told again, as a visit of their own. @param {string} connection */
  #rename(connection) {
    const anew = newUuid();
    const old = this.#queue.filter((beat) => beat.connection === connection);
    this.#queue = this.#queue.map((beat) =>
      beat.connection === connection ? { ...beat, connection: anew } : beat,
    );
    void keep(this.session, this.#queue.filter((beat) => beat.connection === anew)).then(() => letGo(old));
    if (this.#connection === connection) this.#connection = anew;
  }

  /** @param {Beat[]} beats */
  #drop(beats) {
    const safe = new Set(beats.map((beat) => `${beat.connection} ${beat.number}`));
    this.#queue = this.#queue.filter((beat) => !safe.has(`${beat.connection} ${beat.number}`));
    void letGo(beats);
  }

  #keepAll() {
    this.#isOnline = false;
    void keep(this.session, this.#queue);
    this.send("online", false);
  }

  /** No seat of this device any more. */
  #gone() {
    this.#isGone = true;
    this.stop();
    this.send("gone", null);
  }

  #leave() {
    if (this.#isOver) return;
    const last = { ...this.#made(), is_leaving: true };
    const beats = [...this.#queue, last];
    if (beats.length > 1) void keep(this.session, beats);
    const isSent = navigator.sendBeacon(this.url, body(beats.slice(-AT_ONCE)));
    if (isSent && beats.length <= AT_ONCE) this.#queue = [];
    else this.#queue.push(last);
  }
}

/** The server believes no clock of a device, only how long ago it was. @param {Beat[]} beats */
function body(beats) {
  const now = Date.now();
  return JSON.stringify({
    beats: beats.map(({ at, ...beat }) => ({ ...beat, ago_ms: Math.max(0, now - at) })),
  });
}
