/**
 * One film on a page: what it is, where it stands, and what happens to it. Everything a viewer can see
 * or press is mounted on it from the other files; pages that steer a film (beamer, captions) use this.
 */

import { must } from "../elements.js";
import { Signals } from "../signals.js";
import { readTexts } from "../texts.js";
import { chapterAt, readChapters } from "./chapters.js";
import { merge, nextIn } from "./ranges.js";
import { Source } from "./source.js";

/** @typedef {import("./ranges.js").Range} Range */
/** @typedef {import("./chapters.js").Chapter} Chapter */

/**
 * time: position in seconds, about four times a second and after each jump · watched: new ranges seen
 * or heard since the last time · chapter: the one that now plays · chosen: the chapters to play, null
 * for all · captions: language, "" for off · cues: the words of that language came in · error: key of
 * the words · waiting: true while nothing comes in · levels: another quality · open: the stage is lit.
 * @typedef {{
 *   time: number, play: null, pause: null, ended: null, seek: number, watched: Range[],
 *   chapter: Chapter | null, chosen: Range[] | null, captions: string,
 *   cues: import("./webvtt.js").Cue[], error: import("./source.js").SourceError | "errorCaptions",
 *   waiting: boolean, levels: null, open: null, transcript: boolean,
 * }} PlayerEvents
 */

/** @extends {Signals<PlayerEvents>} */
export class Player extends Signals {
  /** Where to begin once the film is opened. */
  #startsAt = 0;
  /** @type {Range[] | null} */
  #chosen = null;
  /** @type {Chapter | null} */
  #chapter = null;
  /** Everything seen or heard on this page, merged. @type {Range[]} */
  watched = [];

  /** @param {HTMLElement} root @param {import("./source.js").HlsClass | null} Hls */
  constructor(root, Hls) {
    super();
    this.root = root;
    this.stage = /** @type {HTMLElement} */ (must(root.querySelector(".player-stage")));
    this.video = /** @type {HTMLVideoElement} */ (must(root.querySelector("video")));
    this.text = readTexts(root);
    this.listedDuration = Number(root.dataset.duration) || 0;
    this.chapters = readChapters(root, this.listedDuration);
    this.source = new Source(this.video, root.dataset.master ?? "", Hls, {
      failed: (error) => this.send("error", error),
      levelsChanged: () => this.send("levels", null),
    });
    this.#listen();
  }

  /** Seconds. */
  get position() {
    return this.source.isOpen && this.video.readyState ? this.video.currentTime : this.#startsAt;
  }

  set position(at) {
    this.seek(at);
  }

  /** Seconds; from the page until the film itself tells. */
  get duration() {
    return Number.isFinite(this.video.duration) ? this.video.duration : this.listedDuration;
  }

  get isPlaying() {
    return !this.video.paused && !this.video.ended;
  }

  /** Call it from a press of the viewer: browsers start no sound by themselves. @returns {Promise<void>} */
  async play() {
    if (!this.source.isOpen) this.source.open(this.#startsAt);
    try {
      await this.video.play();
    } catch (error) {
      // A pause or another film while it was starting is no error; a refusal by the browser is shown
      // by the play button, which is still there.
      if (!(error instanceof DOMException)) throw error;
    }
  }

  pause() {
    this.video.pause();
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else void this.play();
  }

  /** Goes to a second of the film; with chosen chapters to the nearest one after it. @param {number} at */
  seek(at) {
    const last = Math.max(0, this.duration - 0.1);
    const wanted = Math.min(Math.max(0, at), last);
    const to = this.#chosen ? (nextIn(this.#chosen, wanted) ?? this.#chosen[0]?.[0] ?? 0) : wanted;
    this.#startsAt = to;
    if (this.source.isOpen) this.video.currentTime = to;
    this.#tellTime();
    this.send("seek", to);
  }

  /** Tries again where it stopped. */
  retry() {
    this.#startsAt = this.position;
    this.source.close();
    return this.play();
  }

  /**
   * Plays only these chapters, in the order of the film; null or an empty list plays all again.
   * @param {number[] | null} indices counted from 0
   */
  playChapters(indices) {
    const chapters = (indices ?? []).map((i) => this.chapters[i]).filter((chapter) => !!chapter);
    this.#chosen = chapters.length ? merge(chapters.map(({ from, to }) => [from, to])) : null;
    this.send("chosen", this.#chosen);
    if (this.#chosen) this.seek(this.position);
  }

  /** @returns {Range[] | null} */
  get chosenRanges() {
    return this.#chosen;
  }

  #listen() {
    const { video } = this;
    video.addEventListener("timeupdate", () => this.#tellTime());
    video.addEventListener("seeked", () => this.#tellTime());
    video.addEventListener("durationchange", () => this.#tellTime());
    video.addEventListener("play", () => this.send("play", null));
    video.addEventListener("pause", () => this.send("pause", null));
    video.addEventListener("ended", () => this.send("ended", null));
    for (const name of ["waiting", "stalled"]) {
      video.addEventListener(name, () => this.send("waiting", video.readyState < 3 && !video.paused));
    }
    for (const name of ["playing", "pause", "error", "canplay"]) {
      video.addEventListener(name, () => this.send("waiting", false));
    }
  }

  #tellTime() {
    if (this.#leavesChosen()) return;
    const at = this.position;
    this.send("time", at);
    const chapter = chapterAt(this.chapters, at);
    if (chapter === this.#chapter) return;
    this.#chapter = chapter;
    this.send("chapter", chapter);
  }

  /** Jumps over what was not chosen; after the last chosen chapter the showing has ended. */
  #leavesChosen() {
    if (!this.#chosen || !this.source.isOpen || this.video.seeking) return false;
    const next = nextIn(this.#chosen, this.position);
    if (next === null) {
      if (this.isPlaying) {
        this.pause();
        this.send("ended", null);
      }
      return false;
    }
    if (next === this.position) return false;
    this.video.currentTime = next;
    return true;
  }
}
