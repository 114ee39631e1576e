/**
 * The presenter's camera and microphone: opened, changed, cut off at once, opened again. A track that falls
 * silent by itself (a call, a locked screen, another app) is told as away.
 */

import { recall, remember } from "../device.js";
import { Signals } from "../signals.js";
import { pictureWish, soundWish } from "./wishes.js";

/** @typedef {import("./wishes.js").Surroundings} Surroundings */
/** @typedef {"denied" | "noDevice" | "busy" | "cannot"} CaptureError */
/**
 * tracks: others than before · devices: what can be chosen changed · away: the device gives nothing now.
 * @typedef {{tracks: null, devices: null, away: boolean}} CaptureEvents
 */
/** @typedef {{camera: string, microphone: string, surroundings: Surroundings, facing: import("./wishes.js").Facing}} Choices */

const KEPT = "studio";
// A camera that is being turned is mute for a moment.
const AWAY_MS = 800;

/** @extends {Signals<CaptureEvents>} */
export class Capture extends Signals {
  /** @type {MediaStreamTrack | null} */
  video = null;
  /** @type {MediaStreamTrack | null} */
  audio = null;
  #isMuted = false;
  #isAway = false;
  /** What was asked for before a cut and comes after it is not taken. */
  #cuts = 0;
  /** @type {Choices} */
  choices = { camera: "", microphone: "", surroundings: "machines", facing: "user", ...recall(KEPT) };

  constructor() {
    super();
    navigator.mediaDevices?.addEventListener("devicechange", () => this.send("devices", null));
    document.addEventListener("visibilitychange", () => this.#look());
  }

  get isOpen() {
    return this.audio !== null || this.video !== null;
  }

  get isMuted() {
    return this.#isMuted;
  }

  /** Opens both; without a camera the microphone alone. @returns {Promise<CaptureError | "noCamera" | "">} */
  async open() {
    if (!navigator.mediaDevices) return "cannot";
    const { choices } = this;
    const { camera, microphone, surroundings, facing } = choices;
    const audio = soundWish(surroundings, microphone);
    const wishes = [{ audio, video: pictureWish(camera, facing) }, { audio, video: pictureWish("", facing) }, { audio }];
    /** @type {unknown} */
    let problem = null;
    const cuts = this.#cuts;
    for (const wish of wishes) {
      try {
        const stream = await navigator.mediaDevices.getUserMedia(wish);
        if (this.#isLate(cuts, stream)) return "";
        this.#take(stream, true, true);
        await this.#catchUp(choices);
        return this.video ? "" : "noCamera";
      } catch (error) {
        problem = error;
        if (nameOf(error) === "NotAllowedError") break;
      }
    }
    return errorOf(problem);
  }

  /** Chosen while the devices were being opened. @param {Choices} opened */
  async #catchUp({ camera, microphone, surroundings }) {
    const { choices } = this;
    if (choices.camera !== camera) await this.#renew("video", {});
    if (choices.microphone !== microphone || choices.surroundings !== surroundings) await this.#renew("audio", {});
  }

  /** Light off, at once: what was captured is cut before anything else happens. */
  cut() {
    this.#cuts += 1;
    for (const track of [this.video, this.audio]) {
      if (!track) continue;
      track.enabled = false;
      track.stop();
    }
    this.video = this.audio = null;
    this.#away(false);
    this.send("tracks", null);
  }

  /** @param {string} camera its id @returns {Promise<CaptureError | "">} */
  useCamera(camera) {
    return this.#renew("video", { camera });
  }

  /** From the front to the back, or to the next one. @returns {Promise<CaptureError | "">} */
  async flip() {
    const cameras = (await devices()).filter(({ kind }) => kind === "videoinput");
    const facing = this.choices.facing === "user" ? "environment" : "user";
    const canFace = this.video?.getCapabilities?.().facingMode?.length;
    if (canFace) return this.#renew("video", { camera: "", facing });
    const at = cameras.findIndex(({ deviceId }) => deviceId === this.video?.getSettings().deviceId);
    return this.useCamera(cameras[(at + 1) % cameras.length]?.deviceId ?? "");
  }

  /** @param {string} microphone its id @returns {Promise<CaptureError | "">} */
  useMicrophone(microphone) {
    return this.#renew("audio", { microphone });
  }

  /** @param {Surroundings} surroundings @returns {Promise<CaptureError | "">} */
  surround(surroundings) {
    return this.#renew("audio", { surroundings });
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.#isMuted = isMuted;
    if (this.audio) this.audio.enabled = !isMuted;
  }

  /** @param {"video" | "audio"} kind @param {Partial<Choices>} change @returns {Promise<CaptureError | "">} */
  async #renew(kind, change) {
    this.choices = { ...this.choices, ...change };
    remember(KEPT, this.choices);
    if (!this[kind]) return "";
    const { camera, microphone, surroundings, facing } = this.choices;
    // A phone has one camera at a time: the old one goes first.
    if (kind === "video") this.video?.stop();
    const wish = kind === "video" ? { video: pictureWish(camera, facing) } : { audio: soundWish(surroundings, microphone) };
    const cuts = this.#cuts;
    try {
      const stream = await navigator.mediaDevices.getUserMedia(wish);
      if (!this.#isLate(cuts, stream)) this.#take(stream, kind === "video", kind === "audio");
      return "";
    } catch (error) {
      this.#look();
      return errorOf(error);
    }
  }

  /** @param {number} cuts how many there were when it was asked for @param {MediaStream} stream */
  #isLate(cuts, stream) {
    if (cuts === this.#cuts) return false;
    for (const track of stream.getTracks()) track.stop();
    return true;
  }

  /** @param {MediaStream} stream @param {boolean} hasVideo @param {boolean} hasAudio which of the two it renews */
  #take(stream, hasVideo, hasAudio) {
    if (hasVideo) {
      this.video?.stop();
      this.video = stream.getVideoTracks()[0] ?? null;
      this.#listen(this.video);
    }
    if (hasAudio) {
      this.audio?.stop();
      this.audio = stream.getAudioTracks()[0] ?? null;
      this.#listen(this.audio);
      this.mute(this.#isMuted);
    }
    this.#away(false);
    this.send("tracks", null);
    this.send("devices", null);
  }

  /** @param {MediaStreamTrack | null} track */
  #listen(track) {
    for (const name of ["mute", "unmute", "ended"]) {
      track?.addEventListener(name, () => setTimeout(() => this.#look(), name === "unmute" ? 0 : AWAY_MS));
    }
  }

  /** Looks whether both still give something. */
  #look() {
    const tracks = [this.video, this.audio].filter((track) => track !== null);
    this.#away(tracks.some((track) => track.muted || track.readyState === "ended"));
  }

  /** @param {boolean} isAway */
  #away(isAway) {
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.send("away", isAway);
  }
}

/** @returns {Promise<MediaDeviceInfo[]>} */
export async function devices() {
  return (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
}

/** @param {unknown} error */
const nameOf = (error) => (error instanceof DOMException ? error.name : "");

/** @param {unknown} error @returns {CaptureError} */
function errorOf(error) {
  switch (nameOf(error)) {
    case "NotAllowedError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "noDevice";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "cannot";
  }
}

/** Camera and microphone were allowed before: the preview then stands there at once. */
export async function isAllowed() {
  try {
    const asked = ["camera", "microphone"].map((name) => navigator.permissions.query({ name: /** @type {PermissionName} */ (name) }));
    return (await Promise.all(asked)).every(({ state }) => state === "granted");
  } catch {
    return false;
  }
}
