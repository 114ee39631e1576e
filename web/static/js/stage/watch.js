/**
 * Takes what the stage shows: four pictures and four voices, each in its slot, over one connection that is kept
 * alive. A page lays them out; the studio uses the same to show a presenter what viewers see.
 */

import { Signals } from "../signals.js";
import { Link } from "./link.js";
import { Steady, judge, lookAt } from "./quality.js";

/** @typedef {import("./quality.js").Quality} Quality */
/** @typedef {"auto" | "audio" | "low" | "high"} Wish */
/**
 * tracks: other pictures and voices, by slot · up, down: of the connection · quality: in a word ·
 * hopeless, refused: see Link.
 * @typedef {{
 *   tracks: {video: MediaStreamTrack[], audio: MediaStreamTrack[]}, up: import("./ladder.js").Rung, down: null,
 *   quality: Quality, hopeless: null, refused: number,
 * }} WatchEvents
 */

export const SLOTS = 4;
// A word about the connection needs a moment's worth of packets.
const LOOK_MS = 2000;
// What grew since the last beat flows. A busy machine is late with its look.
const FLOWS_MS = 5000;

/** @extends {Signals<WatchEvents>} */
export class Watch extends Signals {
  /** @type {Map<string, {kind: string, slot: number}>} */
  #mids = new Map();
  /** @type {import("./room_socket.js").Track[]} */
  #stage = [];
  /** @type {import("./quality.js").Look | null} */
  #last = null;
  /** The bytes at the last beat, and when they last grew. */
  #bytes = 0;
  #grewAt = -Infinity;
  #steady = new Steady();
  /** @type {Wish} */
  wish = "auto";

  /** @param {string} room @param {() => string | null} connection the page's name with its room */
  constructor(room, connection) {
    super();
    this.link = new Link(
      () => `/rooms/${room}/whep?connection=${connection() ?? ""}&wish=${this.wish}`,
      (peer) => this.#build(peer),
    );
    this.link.on("made", (peer) => this.#made(peer));
    this.link.on("up", (rung) => this.send("up", rung));
    this.link.on("down", () => this.#down());
    this.link.on("hopeless", () => this.send("hopeless", null));
    this.link.on("refused", (status) => this.send("refused", status));
    setInterval(() => void this.#look(), LOOK_MS);
  }

  /** What should come now, so that silence of an empty stage is not called a bad connection.
   * @param {import("./room_socket.js").Track[]} tracks */
  expect(tracks) {
    this.#stage = tracks;
  }

  /** Whether pictures or sound came since a moment ago. @returns {Promise<boolean>} */
  async isFlowing() {
    const now = performance.now();
    const stats = await this.link.peer?.getStats().catch(() => null);
    const bytes = stats ? lookAt(stats.values(), now).bytes : 0;
    if (bytes > this.#bytes) this.#grewAt = now;
    this.#bytes = bytes;
    return now - this.#grewAt < FLOWS_MS;
  }

  /** @param {RTCPeerConnection} peer */
  #build(peer) {
    for (const kind of ["video", "audio"]) {
      for (let slot = 0; slot < SLOTS; slot++) peer.addTransceiver(kind, { direction: "recvonly" });
    }
  }

  /** @param {RTCPeerConnection} peer */
  #made(peer) {
    const all = peer.getTransceivers();
    const of = (/** @type {string} */ kind) => all.filter(({ receiver }) => receiver.track.kind === kind);
    this.#mids = new Map();
    for (const kind of ["video", "audio"]) {
      of(kind).forEach(({ mid }, slot) => this.#mids.set(mid ?? "", { kind, slot }));
    }
    this.#last = null;
    this.#bytes = 0;
    this.#steady.forget();
    const tracks = (/** @type {string} */ kind) => of(kind).map(({ receiver }) => receiver.track);
    this.send("tracks", { video: tracks("video"), audio: tracks("audio") });
  }

  #down() {
    this.#last = null;
    this.#steady.forget();
    this.send("down", null);
  }

  async #look() {
    const { peer } = this.link;
    if (!peer || !this.link.isUp) return;
    const expected = this.#expected();
    const isMoving = expected.some(({ kind, source }) => kind === "video" && source === "camera");
    const counts = (/** @type {any} */ one) => {
      const { kind, slot } = this.#mids.get(one.mid) ?? {};
      return expected.some((track) => track.kind === kind && track.slot === slot);
    };
    const look = lookAt((await peer.getStats()).values(), performance.now(), counts);
    const before = this.#last;
    this.#last = expected.length ? look : null;
    const found = before && this.#last ? judge(before, look, isMoving) : null;
    if (found) this.send("quality", this.#steady.put(found));
  }

  #expected() {
    const isWanted = (/** @type {string} */ kind) => kind === "audio" || this.wish !== "audio";
    return this.#stage.filter(({ kind, state }) => state === "flowing" && isWanted(kind));
  }
}
