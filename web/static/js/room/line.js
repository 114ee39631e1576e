/**
 * A page's talk with its room: commands that are answered, and the floor as it is now. A command that was sent before
 * the line broke is sent again on the next one; the server does it once.
 */

import { Signals } from "../signals.js";
import { emptyFloor, take } from "./floor.js";

/** @typedef {import("../stage/room_socket.js").RoomSocket} RoomSocket */
/** @typedef {import("../stage/room_socket.js").Hello} Hello */
/** changed: the floor is another · welcome: who this page is · cue, reactions: as they were told · other: the room came
 * again by itself, what the page may see is another.
 * @typedef {{changed: import("./floor.js").Floor, welcome: Hello, cue: string, reactions: Record<string, number>, other: null}} LineEvents */

const ROOM_CLOSED = "room_closed";
const OVER = new Set([ROOM_CLOSED, "session_over"]);
const TRY_AGAIN = "try_again";
const AGAIN_MS = 1500;

/** @extends {Signals<LineEvents>} */
export class RoomLine extends Signals {
  floor = emptyFloor();
  /** @type {Hello | null} */
  me = null;
  #requests = 0;
  #isNew = true;
  /** @type {Map<number, {command: object, answer: (code: string) => void}>} */
  #open = new Map();

  /** @param {RoomSocket} socket */
  constructor(socket) {
    super();
    this.socket = socket;
    socket.on("hello", (hello) => this.#greeted(hello));
    socket.on("told", (told) => this.#told(told));
    socket.on("closed", (why) => this.#closed(why));
  }

  /**
   * Has something done. The answer is "" once it is kept, else the code of the refusal.
   * @param {string} what @param {object} [fields] @returns {Promise<string>}
   */
  do(what, fields = {}) {
    const request = ++this.#requests;
    const command = { do: what, request, ...fields };
    return new Promise((answer) => {
      this.#open.set(request, { command, answer });
      this.socket.say(command);
    });
  }

  /** A reaction; it has no answer. @param {string} kind */
  react(kind) {
    this.socket.say({ do: "react", kind });
  }

  /** @param {Hello} hello */
  #greeted(hello) {
    this.me = hello;
    this.#isNew = true;
    this.send("welcome", hello);
    for (const { command } of this.#open.values()) this.socket.say(command);
  }

  /** Nothing is answered any more; of a session that is over its pages know it. @param {string} why */
  #closed(why) {
    this.#answerAll(ROOM_CLOSED);
    if (!OVER.has(why)) return;
    take(this.floor, { event: "phase", phase: "ended", at: Date.now() });
    this.send("changed", this.floor);
  }

  /** @param {any} told */
  #told(told) {
    if (told.event === "done") return this.#answer(told.request, "");
    if (told.event === "refused") return this.#refused(told);
    if (told.event === "cue") return this.send("cue", told.cue);
    if (told.event === "reactions") return this.send("reactions", told.counts);
    const isOther = told.event === "room" && !this.#isNew;
    if (told.event === "room") this.#isNew = false;
    if (take(this.floor, told)) this.send("changed", this.floor);
    if (isOther) this.send("other", null);
  }

  /** @param {{code: string, request?: number | null}} told */
  #refused({ code, request }) {
    if (typeof request !== "number") return;
    if (code !== TRY_AGAIN) return this.#answer(request, code);
    setTimeout(() => this.#again(request), AGAIN_MS);
  }

  /** @param {number} request */
  #again(request) {
    const open = this.#open.get(request);
    if (open) this.socket.say(open.command);
  }

  /** @param {number} request @param {string} code */
  #answer(request, code) {
    this.#open.get(request)?.answer(code);
    this.#open.delete(request);
  }

  /** @param {string} code */
  #answerAll(code) {
    for (const request of [...this.#open.keys()]) this.#answer(request, code);
  }
}
