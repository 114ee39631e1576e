/**
 * The line of a page to its room: says hello, answers the server's pings (which is how presence is kept, also
 * in a hidden tab), and connects again by itself. What it hears is passed on; see rooms/PROTOCOL.md.
 */

import { Signals } from "../signals.js";
import { leaveIfLost } from "./lost.js";

/**
 * state: waiting (nothing came yet), flowing, stalled (a call, a locked screen), hidden, muted.
 * @typedef {{
 *   member: string, name: string, source: "camera" | "screen", kind: "audio" | "video", slot: number,
 *   state: "waiting" | "flowing" | "stalled" | "hidden" | "muted", is_shaky?: boolean,
 * }} Track
 */
/** @typedef {{tracks: Track[], is_on_air: boolean}} Stage */
/**
 * @typedef {{
 *   connection: string, number: number, epoch: number, ping_s: number, title: string, role: string,
 *   seat_kind: "beamer" | "companion" | "own" | null, stage: Stage, viewers: number, ice_servers: RTCIceServer[],
 *   is_moderator?: boolean, part?: string | null, parts?: string[], is_before_live?: boolean,
 * }} Hello
 */
/** What this page says of itself at each ping.
 * @typedef {{is_flowing: boolean, is_shown: boolean, is_audible: boolean, rung: import("./ladder.js").Rung,
 * quality?: import("./quality.js").Quality | "none" | null}} Beat */
/**
 * online: whether the line is up · restarted: the epoch from which the stage stands anew · closed: why the
 * room is over for this page · told: any other event, as it came (`room/floor.js` knows them).
 * @typedef {{
 *   hello: Hello, stage: Stage, viewers: number, restarted: number, closed: string, online: boolean, told: any,
 * }} RoomEvents
 */

// The server pings every two seconds; after three missed ones the line is dead, whatever the browser says.
const PINGS_MISSED = 3;
const PING_S = 2;
const FIRST_WAIT_MS = 250;
// A whole school comes back at once after a cut: spread, and never longer than a class has patience.
const LONGEST_WAIT_MS = 8000;
// A proxy that swallows the first bytes is given up.
const OPENING_MS = 8000;
// A line that cannot be made so often may be one we have no right to any more.
const DOUBT_AFTER = 3;
// Said of the page itself, so that its visit ends here; a line that breaks says nothing.
const LEAVES = 1000;
// Why the room is over for this page: it says so itself when it is loaded anew.
const SIGNED_OUT = "signed_out";

/** @extends {Signals<RoomEvents>} */
export class RoomSocket extends Signals {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {string | null} */
  #connection = null;
  #since = 0;
  #pingS = PING_S;
  #attempts = 0;
  #watchdog = 0;
  #retry = 0;
  #isOver = false;

  /** @param {string} room its id @param {() => Promise<Beat>} beat */
  constructor(room, beat) {
    super();
    this.url = new URL(`/rooms/${room}/socket`, location.href);
    this.url.protocol = this.url.protocol.replace("http", "ws");
    this.beat = beat;
  }

  /** The server's name for this page: its visit, and the member who watches. */
  get connection() {
    return this.#connection;
  }

  start() {
    addEventListener("online", () => this.#soon(0));
    addEventListener("pagehide", () => this.#socket?.close(LEAVES));
    addEventListener("pageshow", (event) => event.persisted && this.#soon(0));
    this.#open();
  }

  /** @param {"auto" | "audio" | "low" | "high"} wish */
  want(wish) {
    this.say({ do: "want", wish });
  }

  /** A command; false: the line is down, and it was not sent. @param {object} command @returns {boolean} */
  say(command) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(command));
    return true;
  }

  /** The room is over for this page. */
  stop() {
    this.#isOver = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#watchdog);
    this.#socket?.close(LEAVES);
  }

  #open() {
    if (this.#isOver || this.#socket) return;
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    this.#watch(OPENING_MS);
    socket.addEventListener("open", () => {
      this.say({ do: "hello", since: this.#since, connection: this.#connection });
    });
    socket.addEventListener("message", (event) => {
      if (this.#socket === socket) this.#hear(JSON.parse(event.data));
    });
    socket.addEventListener("close", () => this.#socket === socket && this.#dropped());
  }

  /** @param {any} message */
  #hear(message) {
    if (typeof message.number === "number" && message.event !== "ping") this.#since = message.number;
    switch (message.event) {
      case "hello":
        return this.#greeted(message);
      case "ping":
        return void this.#pong(message.number);
      case "stage":
        return this.send("stage", message.stage);
      case "viewers":
        return this.send("viewers", message.count);
      case "live_restarted":
        return this.send("restarted", message.epoch);
      case "closed":
        return this.#closed(message.why ?? "room_closed");
      default:
        return this.send("told", message);
    }
  }

  /** @param {Hello} hello */
  #greeted(hello) {
    this.#connection = hello.connection;
    this.#pingS = hello.ping_s || PING_S;
    this.#attempts = 0;
    this.#watch(this.#pingS * 1000 * PINGS_MISSED);
    this.send("online", true);
    this.send("hello", hello);
  }

  /** @param {number} number */
  async #pong(number) {
    this.#watch(this.#pingS * 1000 * PINGS_MISSED);
    this.say({ do: "pong", number, ...(await this.beat()) });
  }

  /** @param {string} why */
  #closed(why) {
    this.stop();
    this.send("closed", why);
    if (why === SIGNED_OUT) void leaveIfLost();
  }

  /** Gives the line this long to say something. @param {number} ms */
  #watch(ms) {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#dropped(), ms);
  }

  #dropped() {
    const socket = this.#socket;
    this.#socket = null;
    clearTimeout(this.#watchdog);
    socket?.close();
    if (this.#isOver) return;
    this.send("online", false);
    this.#soon(waitBefore(++this.#attempts, Math.random()));
    if (this.#attempts % DOUBT_AFTER === 0) void leaveIfLost();
  }

  /** @param {number} ms */
  #soon(ms) {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), ms);
  }
}

/**
 * How long to wait before the nth attempt, in milliseconds: doubling, and spread by half to both sides.
 * @param {number} attempt from 1 @param {number} chance 0 to 1
 */
export function waitBefore(attempt, chance) {
  const whole = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
  return whole * (0.5 + chance);
}
