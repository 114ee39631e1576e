/**
 * One peer connection to the stage, kept alive: tries the ways in the ladder's order, renews its addresses when
 * the network changes, and is made anew when that does not help or when the stage itself was started anew.
 */

import { recall, remember } from "../device.js";
import { Signals } from "../signals.js";
import { comesUp } from "./comes_up.js";
import { Ladder, firstWay, rungOf } from "./ladder.js";
import { Refused, offer } from "./whip.js";

/** @typedef {import("./ladder.js").Way} Way */
/** @typedef {import("./ladder.js").Rung} Rung */
/**
 * made: a connection that was answered; its pictures will come · up: it works, on this rung · down: it works
 * no more · hopeless: no way gets through (the page goes on trying) · refused: what the server
 * answered · taken: somebody else stands in its place.
 * @typedef {{made: RTCPeerConnection, up: Rung, down: null, hopeless: null, refused: number, taken: null}} LinkEvents
 */

const KEPT = "way";
// Browsers call a connection "disconnected" after some seconds without an answer; new addresses get this long.
const RENEW_MS = 3000;
// "disconnected" often mends itself within a moment.
const PATIENCE_MS = 700;
// After an answer that says no: asked again, each time later.
const REFUSED_MS = [500, 1000, 2000, 4000, 8000];
// Not signed in, removed from the room: asking again changes nothing.
const FINAL = [401, 403];
// Not live yet: whoever hears that it is starts this link again.
const EARLY = 425;
// The resource is not there any more.
const GONE = [404, 410];
// By then the room has told who stands on the stage.
const HEARD_MS = 1000;

/** @extends {Signals<LinkEvents>} */
export class Link extends Signals {
  /** @type {import("./whip.js").Resource | null} */
  #resource = null;
  /** @type {RTCPeerConnection | null} */
  #peer = null;
  /** @type {RTCIceServer[]} */
  #servers = [];
  /** @type {Way} */
  #way = "direct";
  /** @type {Rung} */
  #rung = "none";
  /** Counts the starts: an older one that wakes up sees that it is over. */
  #run = 0;
  #refusals = 0;
  #abort = new AbortController();

  /**
   * @param {() => string} url where to offer
   * @param {(peer: RTCPeerConnection) => void} build puts into a new connection what it carries
   * @param {() => boolean} isTaken whether its place was taken: it then ends instead of taking it back
   */
  constructor(url, build, isTaken = () => false) {
    super();
    this.url = url;
    this.build = build;
    this.isTaken = isTaken;
    addEventListener("pagehide", () => this.#resource?.remove());
    addEventListener("online", () => this.#isBroken && void this.#mend(this.#run));
  }

  get rung() {
    return this.#rung;
  }

  get isUp() {
    return this.#peer?.connectionState === "connected";
  }

  get peer() {
    return this.#peer;
  }

  /** It was up and is no more; one that is coming up, or being mended, is not. */
  get #isBroken() {
    return ["disconnected", "failed"].includes(this.#peer?.connectionState ?? "");
  }

  /** Makes the connection, in place of the one there is. @param {RTCIceServer[]} servers for the relay */
  start(servers) {
    this.#servers = servers;
    void this.#climb(++this.#run);
  }

  /** Fresh passwords for the relay, for the next time. @param {RTCIceServer[]} servers */
  refresh(servers) {
    this.#servers = servers;
  }

  stop() {
    this.#run += 1;
    this.#drop();
  }

  /** @param {number} run */
  async #climb(run) {
    const kept = firstWay(recall(KEPT), Date.now());
    const ladder = new Ladder(this.#servers.length > 0, kept);
    this.#drop();
    while (run === this.#run) {
      ladder.begin(performance.now());
      if (await this.#round(run, ladder)) return;
    }
  }

  /** @param {number} run @param {Ladder} ladder @returns {Promise<boolean>} whether it is over, well or not */
  async #round(run, ladder) {
    while (run === this.#run) {
      const step = ladder.next(performance.now());
      if ("again_at" in step) {
        this.send("hopeless", null);
        await pause(step.again_at - performance.now());
        return false;
      }
      const outcome = await this.#attempt(run, step);
      if (outcome === "up") ladder.up(step.way);
      if (outcome !== "failed") return outcome !== "refused";
    }
    return true;
  }

  /**
   * @param {number} run @param {import("./ladder.js").Try} step
   * @returns {Promise<"up" | "failed" | "refused" | "over">}
   */
  async #attempt(run, { way, until }) {
    this.#drop();
    const peer = new RTCPeerConnection({
      bundlePolicy: "max-bundle",
      iceServers: way === "relay" ? this.#servers : [],
      iceTransportPolicy: way === "relay" ? "relay" : "all",
    });
    this.#peer = peer;
    this.#way = way;
    try {
      this.build(peer);
      const resource = await offer(peer, this.url(), way === "relay");
      if (run !== this.#run) return resource.remove(), "over";
      this.#resource = resource;
    } catch (error) {
      return this.#refuse(run, peer, error);
    }
    this.#refusals = 0;
    this.send("made", peer);
    const isUp = await comesUp(peer, until - performance.now());
    if (run !== this.#run) return "over";
    if (!isUp) return "failed";
    await this.#settle(run, peer);
    return "up";
  }

  /** @param {number} run @param {RTCPeerConnection} peer @param {unknown} error */
  async #refuse(run, peer, error) {
    peer.close();
    if (run !== this.#run) return "over";
    const status = error instanceof Refused ? error.status : 0;
    if (!(error instanceof Refused)) console.warn("The stage's answer did not fit.", error);
    this.send("refused", status);
    if (status === EARLY || FINAL.includes(status)) {
      this.stop();
      return "over";
    }
    const asked = error instanceof Refused ? error.after_s * 1000 : 0;
    const own = REFUSED_MS[Math.min(this.#refusals++, REFUSED_MS.length - 1)] ?? 0;
    await pause(Math.max(asked, own) * (0.75 + Math.random() / 2));
    return "refused";
  }

  /** It works: remembers the way, and watches over it. @param {number} run @param {RTCPeerConnection} peer */
  async #settle(run, peer) {
    const rung = rungOf((await peer.getStats()).values());
    if (run !== this.#run) return; // it was stopped meanwhile
    this.#rung = rung;
    remember(KEPT, { way: this.#way, at: Date.now() });
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    peer.addEventListener("connectionstatechange", () => this.#changed(run, peer), { signal });
    this.send("up", this.#rung);
    this.#changed(run, peer);
  }

  /** @param {number} run @param {RTCPeerConnection} peer */
  async #changed(run, peer) {
    const { connectionState } = peer;
    if (connectionState === "disconnected") await pause(PATIENCE_MS);
    if (run !== this.#run || peer.connectionState !== connectionState) return;
    if (connectionState === "disconnected" || connectionState === "failed") await this.#mend(run);
    else if (connectionState === "closed") this.#lose();
  }

  /** New addresses first: the pictures then go on where they were. @param {number} run */
  async #mend(run) {
    const [peer, resource] = [this.#peer, this.#resource];
    if (!peer || !resource || run !== this.#run) return;
    this.#abort.abort();
    this.#rung = "none";
    this.send("down", null);
    try {
      await resource.restartIce();
      if (await comesUp(peer, RENEW_MS)) return run === this.#run ? await this.#settle(run, peer) : undefined;
    } catch (error) {
      // Gone: with a stage that was started anew, or because somebody stands in its place; the room tells which.
      // Any other answer: the stage or the network is not back yet.
      if (error instanceof Refused && GONE.includes(error.status)) await this.#wasTaken(run);
    }
    if (run === this.#run) this.#lose();
  }

  /** @param {number} run */
  async #wasTaken(run) {
    await pause(HEARD_MS);
    if (run !== this.#run || !this.isTaken()) return;
    this.stop();
    this.send("taken", null);
  }

  #lose() {
    this.#rung = "none";
    this.send("down", null);
    this.start(this.#servers);
  }

  #drop() {
    this.#abort.abort();
    if (this.#resource) this.#resource.remove();
    else this.#peer?.close();
    this.#resource = null;
    this.#peer = null;
    this.#rung = "none";
  }
}

/** @param {number} ms @returns {Promise<void>} */
const pause = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms)));
