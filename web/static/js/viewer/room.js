/**
 * A page in a live room: its line to the room, and, where it watches, the stage with its pictures and voices.
 * What is said in words stands in the page's own places; the stage itself is laid out by Pictures.
 */

import { recall, remember } from "../device.js";
import { must } from "../elements.js";
import { stayAwake } from "../session/wake.js";
import { Signals } from "../signals.js";
import { news, presenters } from "../stage/arrange.js";
import { reload } from "../stage/reload.js";
import { RoomSocket } from "../stage/room_socket.js";
import { Watch } from "../stage/watch.js";
import { readTexts } from "../texts.js";
import { mountBar } from "./bar.js";
import { Pictures } from "./pictures.js";
import { Sound } from "./sound.js";
import { EARLY, shown } from "./state.js";

/** @typedef {import("../stage/room_socket.js").Stage} Stage */
/** @typedef {import("../stage/watch.js").Wish} Wish */
/** @typedef {import("../stage/quality.js").Quality} Quality */
/** closed: why the room is over for this page. @typedef {{closed: string}} RoomPageEvents */

const KEPT_WISH = "room_wish";
// The line to the room may be made anew without a word, the pictures go on meanwhile.
const OFFLINE_MS = 4000;
// A hall full of pages that waited for the beginning does not ask at one moment.
const BEGIN_AFTER_MS = 200;
const BEGIN_WITHIN_MS = 1000;

/** @extends {Signals<RoomPageEvents>} */
export class Room extends Signals {
  /** @type {Watch | null} */
  watch = null;
  sound = new Sound();
  /** @type {Pictures | null} */
  #pictures = null;
  /** @type {import("./state.js").Standing} */
  #now = {
    closed: "", tracks: [], wish: "auto", is_up: false, was_up: false, is_hopeless: false, refused: 0, is_seen: false,
  };
  #epoch = -1;
  #isOnAir = false;
  #phase = "";
  #offline = 0;
  /** The member that this page itself puts on the stage: it does not hear its own voice. */
  own = "";
  /** @type {(() => void) | null} */
  #letSleep = null;

  /** @param {HTMLElement} root */
  constructor(root) {
    super();
    this.root = root;
    this.text = readTexts(root);
    this.socket = new RoomSocket(root.dataset.room ?? "", () => this.#beat());
    this.#isOnAir = root.dataset.on === "1";
    const stage = /** @type {HTMLElement | null} */ (root.querySelector("[data-stage]"));
    this.stage = stage;
    if (stage && typeof RTCPeerConnection === "undefined") this.#words(this.text("old"));
    else if (stage) this.#mountStage(stage, root.dataset.room ?? "");
    this.#listen();
  }

  start() {
    this.socket.start();
  }

  /** @param {HTMLElement} stage @param {string} room */
  #mountStage(stage, room) {
    const pictures = new Pictures(must(stage.querySelector("[data-pictures]")), this.text, () => this.#seen());
    const watch = new Watch(room, () => this.socket.connection);
    this.#pictures = pictures;
    this.watch = watch;
    mountBar(stage, this.text, this.sound, pictures);
    this.#mountWish(watch);
    watch.on("tracks", ({ video, audio }) => {
      this.#now.is_seen = false;
      pictures.take(video);
      this.sound.take(audio);
    });
    watch.on("up", (rung) => this.#stand({ is_up: true, was_up: true, is_hopeless: false, refused: 0 }, rung));
    watch.on("down", () => this.#stand({ is_up: false }));
    watch.on("hopeless", () => this.#stand({ is_up: false, is_hopeless: true }));
    watch.on("refused", (status) => (this.#stand({ is_up: false, refused: status }), this.#begin()));
    watch.on("quality", (quality) => this.#quality(quality));
  }

  #listen() {
    const { socket } = this;
    socket.on("hello", (hello) => this.#greeted(hello));
    socket.on("stage", (stage) => this.#staged(stage));
    socket.on("viewers", (count) => this.#viewers(count));
    socket.on("restarted", (epoch) => this.#restarted(epoch));
    socket.on("told", ({ phase }) => phase && this.#goes(phase));
    socket.on("online", (isOnline) => this.#online(isOnline));
    socket.on("closed", (why) => this.#closed(why));
  }

  /** @param {import("../stage/room_socket.js").Hello} hello */
  #greeted(hello) {
    this.#servers = hello.ice_servers ?? [];
    this.#seated(hello.seat_kind ?? "");
    this.#viewers(hello.viewers);
    this.#staged(hello.stage);
    const isNew = hello.epoch !== this.#epoch || !this.watch?.link.peer;
    this.#epoch = hello.epoch;
    if (hello.is_before_live) return this.#stand({ refused: EARLY });
    if (this.#now.refused === EARLY) this.#stand({ refused: 0 });
    if (isNew) this.watch?.link.start(this.#servers);
    else this.watch?.link.refresh(this.#servers);
  }

  /** @type {RTCIceServer[]} */
  #servers = [];

  /** Relays, for whoever sends from this page. */
  get servers() {
    return this.#servers;
  }

  /** @param {number} epoch */
  #restarted(epoch) {
    this.#epoch = epoch;
    if (this.#now.refused === EARLY) return;
    this.#stand({ is_up: false });
    this.watch?.link.start(this.#servers);
  }

  /** @param {string} phase */
  #goes(phase) {
    this.#phase = phase;
    this.#begin();
  }

  /** Once it is live, whoever came too early gets the picture. */
  #begin() {
    if (this.#phase !== "live" || this.#now.refused !== EARLY) return;
    this.#stand({ refused: 0 });
    setTimeout(() => this.watch?.link.start(this.#servers), BEGIN_AFTER_MS + Math.random() * BEGIN_WITHIN_MS);
  }

  /** This device has another place in the class now: the page belongs to the old one. @param {string} kind */
  #seated(kind) {
    const made = this.root.dataset.kind ?? "";
    if (made && kind && kind !== made) reload();
  }

  /** @param {Stage} stage */
  #staged(stage) {
    for (const { key, name } of news(this.#now.tracks, stage.tracks)) this.#say(this.text(key, { name }));
    if (stage.is_on_air !== this.#isOnAir) this.#say(this.text(stage.is_on_air ? "isLive" : "isOff"));
    this.#isOnAir = stage.is_on_air;
    this.watch?.expect(stage.tracks);
    this.#pictures?.show(stage.tracks);
    this.sound.hush(stage.tracks.filter(({ kind, member }) => kind === "audio" && member === this.own).map(({ slot }) => slot));
    this.#put("[data-presenters]", this.#names(stage) || this.text("nobody"));
    for (const place of this.#all("[data-on-air]")) place.hidden = !stage.is_on_air;
    for (const place of this.#all("[data-off-air]")) place.hidden = stage.is_on_air;
    const count = new Set(stage.tracks.filter(({ kind }) => kind === "video").map(({ slot }) => slot)).size;
    for (const place of this.#all("[data-turn]")) place.hidden = count < 2;
    this.#awake(stage.is_on_air);
    this.#stand({ tracks: stage.tracks });
  }

  /** @param {Stage} stage */
  #names(stage) {
    const names = presenters(stage.tracks).map(({ name }) => name);
    return new Intl.ListFormat(document.documentElement.lang).format(names);
  }

  /** @param {boolean} isWanted */
  #awake(isWanted) {
    if (isWanted && this.watch) this.#letSleep ??= stayAwake();
    else {
      this.#letSleep?.();
      this.#letSleep = null;
    }
  }

  /** @param {Partial<import("./state.js").Standing>} change @param {string} [rung] */
  #stand(change, rung) {
    Object.assign(this.#now, change);
    const { stage } = this;
    if (!stage) return;
    const { key, is_open } = shown(this.#now);
    stage.dataset.state = is_open ? "open" : "closed";
    if (rung !== undefined) stage.dataset.rung = rung;
    this.#words(this.#sentence(key));
    if (!this.#now.is_up) this.#put("[data-connection]", this.text(this.#now.is_hopeless ? "none" : "isMade"));
    else if (rung !== undefined) this.#put("[data-connection]", this.text("ready"));
  }

  /** @param {string} key */
  #sentence(key) {
    if (key === "onlySound") return this.#names({ tracks: this.#now.tracks, is_on_air: true });
    return key ? this.text(key, { address: `${location.host}/check` }) : "";
  }

  #seen() {
    if (!this.#now.is_seen) this.#stand({ is_seen: true });
  }

  /** @param {import("../stage/quality.js").Quality} quality */
  #quality(quality) {
    if (this.stage) this.stage.dataset.quality = quality;
    if (this.#now.is_up) this.#put("[data-connection]", this.text(quality));
  }

  /** @param {Watch} watch */
  #mountWish(watch) {
    const kept = recall(KEPT_WISH);
    const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (this.root.querySelectorAll("[data-wish] input"));
    for (const input of inputs) {
      if (input.value === kept) input.checked = true;
      input.addEventListener("change", () => {
        remember(KEPT_WISH, input.value);
        this.#wish(watch, /** @type {Wish} */ (input.value));
        this.socket.want(watch.wish);
      });
      if (input.checked) this.#wish(watch, /** @type {Wish} */ (input.value));
    }
  }

  /** @param {Watch} watch @param {Wish} wish */
  #wish(watch, wish) {
    watch.wish = wish;
    if (this.stage) this.stage.toggleAttribute("data-no-picture", wish === "audio");
    this.#stand({ wish });
  }

  async #beat() {
    return {
      is_flowing: (await this.watch?.isFlowing()) ?? false,
      is_shown: document.visibilityState === "visible",
      is_audible: this.watch !== null && this.sound.isAudible,
      rung: this.watch?.link.rung ?? "none",
      quality: this.#howWell(),
    };
  }

  /** How well the stage comes in, for the moderator; null while nothing should come. */
  #howWell() {
    if (!this.watch || !this.#isOnAir) return null;
    return this.#now.is_up ? (/** @type {Quality | undefined} */ (this.stage?.dataset.quality) ?? null) : "none";
  }

  /** @param {number} count */
  #viewers(count) {
    const isFigure = this.root.querySelector("dd[data-viewers]") !== null;
    const words = this.text(count === 1 ? "oneViewer" : "viewers", { num: count });
    this.#put("[data-viewers]", isFigure ? String(count) : words);
  }

  /** @param {boolean} isOnline */
  #online(isOnline) {
    clearTimeout(this.#offline);
    if (isOnline) this.note("");
    else this.#offline = setTimeout(() => this.note(this.text("again")), OFFLINE_MS);
  }

  /** @param {string} why */
  #closed(why) {
    this.watch?.link.stop();
    this.#awake(false);
    this.#stand({ closed: why, tracks: [], is_up: false });
    this.#pictures?.show([]);
    this.#put("[data-presenters]", "–");
    for (const place of this.#all("[data-on-air]")) place.hidden = true;
    this.note(this.stage ? "" : this.text(why));
    this.#say(this.text(why));
    this.#put("[data-connection]", "–");
    this.send("closed", why);
  }

  /** @param {string} words */
  note(words) {
    this.#put("[data-note]", words);
    for (const place of this.#all(".room-note")) place.hidden = !words;
  }

  /** @param {string} words */
  #words(words) {
    this.#put("[data-stage-words]", words);
  }

  /** For those who listen to the page. @param {string} words */
  #say(words) {
    this.#put("[data-said]", words);
  }

  /** @param {string} selector @returns {HTMLElement[]} */
  #all(selector) {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll(selector))];
  }

  /** @param {string} selector @param {string} words */
  #put(selector, words) {
    for (const place of this.#all(selector)) if (place.textContent !== words) place.textContent = words;
  }
}
