/**
 * Captions, drawn by us: the size and the box are the reader's choice, and a cue is text and only text.
 */

import { recall, remember } from "../device.js";
import { make } from "../elements.js";
import { cuesAt, fetchCues } from "./webvtt.js";

/** @typedef {{language: string, label: string, url: string}} Track */
/** @typedef {"small" | "normal" | "large"} Size */
/** @typedef {{language: string, size: Size, hasBox: boolean}} Wishes */

/** @type {Size[]} */
export const SIZES = ["small", "normal", "large"];
const KEY = "captions";

export class Captions {
  /** @type {Map<string, Promise<import("./webvtt.js").Cue[]>>} */
  #files = new Map();
  /** @type {import("./webvtt.js").Cue[]} */
  #cues = [];

  /** @param {import("./player.js").Player} player @param {Track[]} tracks */
  constructor(player, tracks) {
    this.player = player;
    /** @type {Track[]} */
    this.tracks = tracks;
    this.line = make("div", { class: "player-captions" });
    /** @type {Wishes} */
    this.wishes = { ...firstWishes(player, tracks), ...recall(KEY) };
    if (!this.#has(this.wishes.language)) this.wishes.language = "";
  }

  /** The language shown, "" when off. */
  get language() {
    return this.wishes.language;
  }

  /** @param {Partial<Wishes>} wish */
  change(wish) {
    const before = this.wishes.language;
    if (before) this.lastLanguage = before;
    this.wishes = { ...this.wishes, ...wish };
    remember(KEY, this.wishes);
    if (this.wishes.language !== before) void this.#load();
    this.apply();
    this.player.send("captions", this.language);
  }

  /** Off, or on in the language last read. */
  toggle() {
    if (this.language) this.change({ language: "" });
    else this.change({ language: this.lastLanguage ?? this.tracks[0]?.language ?? "" });
  }

  start() {
    this.apply();
    void this.#load();
    this.player.on("time", () => this.draw());
  }

  apply() {
    this.line.dataset.size = this.wishes.size;
    this.line.dataset.box = this.wishes.hasBox ? "dark" : "none";
    this.line.lang = this.language;
    this.draw();
  }

  draw() {
    const cues = this.language ? cuesAt(this.#cues, this.player.position) : [];
    const shown = cues.map(({ text }) => text).join("\n");
    if (this.line.textContent === shown) return;
    this.line.replaceChildren(...(shown ? [make("span", {}, shown)] : []));
  }

  /** The words of a language, fetched once. @param {string} language */
  cuesOf(language) {
    const url = this.tracks.find((track) => track.language === language)?.url;
    if (!url) return Promise.resolve([]);
    const file = this.#files.get(language) ?? fetchCues(url);
    this.#files.set(language, file);
    return file;
  }

  /** Captions that are off are still the transcript. */
  async #load() {
    const language = this.language || this.lastLanguage || this.tracks[0]?.language || "";
    try {
      const cues = await this.cuesOf(language);
      if (this.language && language !== this.language) return;
      this.#cues = cues;
      this.draw();
      this.player.send("cues", cues);
    } catch {
      this.#files.delete(language);
      this.player.send("error", "errorCaptions");
    }
  }

  /** @param {string} language */
  #has(language) {
    return this.tracks.some((track) => track.language === language);
  }
}

/** @param {import("./player.js").Player} player @param {Track[]} tracks @returns {Wishes} */
function firstWishes(player, tracks) {
  const own = player.root.dataset.language ?? "";
  const language = tracks.some((track) => track.language === own) ? own : (tracks[0]?.language ?? "");
  return { language, size: "normal", hasBox: true };
}

/** Takes the film's own tracks out of it: from here on we draw. @param {HTMLVideoElement} video @returns {Track[]} */
function takeTracks(video) {
  return [...video.querySelectorAll("track")].map((track) => {
    track.remove();
    return { language: track.srclang, label: track.label, url: track.src };
  });
}

/** @param {import("./player.js").Player} player */
export function mountCaptions(player) {
  const captions = new Captions(player, takeTracks(player.video));
  player.stage.append(captions.line);
  captions.start();
  return captions;
}
