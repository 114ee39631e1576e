/** The presenter's screen on the stage, beside her camera. */

import { Signals } from "../signals.js";
import { Publication } from "./publication.js";
import { screenWish } from "./wishes.js";

/** on: the screen is shared, or not any more · up: it gets through.
 * @typedef {{on: boolean, up: null, refused: number}} SharingEvents */

/** @extends {Signals<SharingEvents>} */
export class Sharing extends Signals {
  /** @type {MediaStream | null} */
  #stream = null;
  #publication;
  #isCut = false;

  /** @param {string} room */
  constructor(room) {
    super();
    this.#publication = new Publication(room, "screen");
    this.#publication.link.on("up", () => this.send("up", null));
    this.#publication.link.on("refused", (status) => this.send("refused", status));
  }

  get isOn() {
    return this.#stream !== null;
  }

  static get isPossible() {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  }

  /** Call it from a press. @param {RTCIceServer[]} servers */
  async start(servers) {
    const stream = await navigator.mediaDevices.getDisplayMedia(screenWish()).catch(() => null);
    const video = stream?.getVideoTracks()[0];
    if (!stream || !video) return;
    video.contentHint = "detail";
    video.addEventListener("ended", () => this.stop());
    this.#stream = stream;
    this.cut(this.#isCut);
    this.#publication.carry({ video, audio: stream.getAudioTracks()[0] ?? null }, servers);
    this.#publication.link.start(servers);
    this.send("on", true);
  }

  /** Nothing of it leaves this device, whatever the network does; or it does again. @param {boolean} isCut */
  cut(isCut) {
    this.#isCut = isCut;
    for (const track of this.#stream?.getTracks() ?? []) track.enabled = !isCut;
  }

  /** The stage itself stands anew. @param {RTCIceServer[]} servers */
  renew(servers) {
    if (this.isOn) this.#publication.link.start(servers);
  }

  stop() {
    if (!this.#stream) return;
    for (const track of this.#stream.getTracks()) track.stop();
    this.#stream = null;
    this.#publication.stop();
    this.send("on", false);
  }
}
