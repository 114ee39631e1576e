/**
 * The presenter's studio: what she shows, whether it is live, and what goes wrong, in words. Camera and microphone
 * are Capture's, the way to the stage is Publication's; here they are brought together.
 */

import { must } from "../elements.js";
import { stayAwake } from "../session/wake.js";
import { tell } from "../session/words.js";
import { presenters } from "../stage/arrange.js";
import { Steady } from "../stage/quality.js";
import { RoomSocket } from "../stage/room_socket.js";
import { readTexts } from "../texts.js";
import { Capture, isAllowed } from "./capture.js";
import { mountChoosing } from "./choosing.js";
import { Face } from "./face.js";
import { Meter } from "./meter.js";
import { mountMonitor } from "./monitor.js";
import { Publication } from "./publication.js";
import { Sharing } from "./sharing.js";
import { buttonsOf, isMutedIn, shownOf, stateOf } from "./state.js";
import { tryConnection } from "./trial.js";
import { judgeUplink, problemAfter, uplinkOf } from "./uplink.js";

const LOOK_MS = 2000;
// The browser finds out in this time what gets up.
const RAMP_MS = 8000;
// Until the server knows that the picture is hidden it is told again; nothing leaves this device meanwhile.
const AGAIN_MS = 1000;
// What the stage said before may still be on its way; by then it says what was asked of it.
const AGREES_MS = 3000;
/** @type {Record<number, string>} */
const REFUSED = { 401: "mayNot", 403: "mayNot", 404: "mayNot", 409: "stageFull", 422: "cannot" };

export class Studio {
  #face;
  #room;
  #capture = new Capture();
  #publication;
  #sharing;
  #socket;
  #meter;
  #steady = new Steady();
  /** @type {import("./state.js").Facts} */
  #facts = { is_open: false, is_live: false, is_hidden: false, is_away: false, elsewhere: "" };
  /** When this page last changed what the stage shows of her. */
  #toldAt = -Infinity;
  /** Since when it hides her though she did not; Infinity while it does not. */
  #hiddenSince = Infinity;
  #isPaused = false;
  #epoch = -1;
  #isOnline = false;
  /** @type {import("../stage/room_socket.js").Track[]} */
  #tracks = [];
  #upAt = Infinity;
  /** The key of the problem that is told. */
  #wrong = "";
  /** @type {RTCIceServer[]} */
  #servers = [];
  #letSleep = () => {};

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.text = readTexts(root);
    this.#face = new Face(root, this.text);
    this.#room = root.dataset.broadcast ?? "";
    this.preview = /** @type {HTMLVideoElement} */ (must(root.querySelector("[data-preview]")));
    this.#publication = new Publication(this.#room, "camera", () => this.#isTaken());
    this.#sharing = new Sharing(this.#room);
    this.#socket = new RoomSocket(this.#room, () => this.#beat());
    const level = /** @type {HTMLMeterElement} */ (must(root.querySelector("[data-level]")));
    this.#meter = new Meter(level, (verdict) => this.#face.put("[data-sound-problem]", this.#sound(verdict)));
    mountChoosing(root, this.#capture, this.text, (key) => this.#problem(key));
    mountMonitor(root, this.#room, this.#socket, this.text, () => this.#servers);
    this.#listen();
    this.#show();
  }

  /** Its line to the room, for others on the page. */
  get socket() {
    return this.#socket;
  }

  /** The session has a break: the stage is dark, whoever hides. @param {boolean} isPaused */
  pause(isPaused) {
    this.#isPaused = isPaused;
    this.#agree();
  }

  async start() {
    this.#socket.start();
    setInterval(() => void this.#look(), LOOK_MS);
    if (await isAllowed()) await this.#open();
  }

  #listen() {
    const capture = this.#capture;
    capture.on("tracks", () => this.#carry());
    capture.on("away", (isAway) => this.#is({ is_away: isAway }));
    this.#publication.link.on("up", () => this.#up());
    this.#publication.link.on("down", () => this.#down());
    this.#publication.link.on("hopeless", () => this.#refused(0));
    this.#publication.link.on("refused", (status) => this.#refused(status));
    this.#publication.link.on("taken", () => this.#taken());
    this.#sharing.on("on", (isOn) => this.#shared(isOn));
    this.#sharing.on("up", () => this.#problem(""));
    this.#sharing.on("refused", (status) => this.#problem(REFUSED[status] ?? ""));
    const socket = this.#socket;
    socket.on("hello", (hello) => this.#greeted(hello));
    socket.on("stage", (stage) => this.#staged(stage));
    socket.on("viewers", (count) => this.#viewers(count));
    socket.on("restarted", (epoch) => this.#restarted(epoch));
    socket.on("closed", (why) => this.#closed(why));
    socket.on("online", (isOnline) => (this.#isOnline = isOnline));
    this.root.addEventListener("devices-listed", () => this.#show());
    addEventListener("beforeunload", (event) => this.#facts.is_live && event.preventDefault());
    this.#buttons();
  }

  #buttons() {
    /** @type {Record<string, () => void>} */
    const acts = {
      open: () => void this.#open(),
      live: () => this.#goLive(),
      hide: () => this.#hide(),
      show: () => void this.#showAgain(),
      resume: () => void this.#open(),
      flip: () => void this.#capture.flip().then((key) => this.#problem(key)),
      mute: () => void this.#mute(),
      screen: () => void (this.#sharing.isOn ? this.#sharing.stop() : this.#sharing.start(this.#servers)),
      stop: () => this.#stop(),
      test: () => void this.#test(),
    };
    for (const [name, act] of Object.entries(acts)) this.#face.button(name).addEventListener("click", act);
    must(this.root.querySelector(".broadcast-acts")).addEventListener("keydown", (event) => {
      const { key, ctrlKey, altKey, metaKey } = /** @type {KeyboardEvent} */ (event);
      if (key.toLowerCase() !== "h" || ctrlKey || altKey || metaKey) return;
      const wanted = buttonsOf(stateOf(this.#facts));
      if (wanted.includes("show")) void this.#showAgain();
      else if (wanted.includes("hide")) this.#hide();
    });
  }

  // --- what the presenter does

  async #open() {
    this.#problem(await this.#capture.open());
    this.#is({ is_open: this.#capture.isOpen });
  }

  #goLive() {
    this.#problem("");
    this.#letSleep = stayAwake();
    this.#is({ is_live: true, is_hidden: false, elsewhere: "" });
    this.#connection("isMade");
    this.#publication.link.start(this.#servers);
  }

  /** Everything of it happens here and now; the server is told, and cuts what is on its way. */
  #hide() {
    if (!this.#facts.is_live) return void this.#hideElsewhere(true);
    this.#capture.cut();
    this.#is({ is_open: false, is_hidden: true });
    this.#say("isHidden");
    void this.#tellHidden();
  }

  async #showAgain() {
    if (!this.#facts.is_live) return this.#hideElsewhere(false);
    const problem = await this.#capture.open();
    this.#problem(problem);
    if (!this.#capture.isOpen) return;
    this.#is({ is_open: true, is_hidden: false });
    void this.#tellHidden();
  }

  /** Another device sends; only the stage can cut it. @param {boolean} hidden */
  async #hideElsewhere(hidden) {
    const isDone = await tell(`/rooms/${this.#room}/hide`, { hidden });
    this.#toldAt = isDone ? performance.now() : this.#toldAt;
    this.#problem(isDone ? "" : "cannot");
    if (!isDone || this.#facts.is_live) return;
    this.#is({ elsewhere: hidden ? "hidden" : "shown" });
    this.#say(hidden ? "isElsewhereHidden" : "isElsewhere");
  }

  /** Says how it is now, until it is known. */
  async #tellHidden() {
    const hidden = this.#facts.is_hidden;
    this.#toldAt = performance.now();
    if (!this.#facts.is_live || (await tell(`/rooms/${this.#room}/hide`, { hidden }))) return;
    setTimeout(() => hidden === this.#facts.is_hidden && void this.#tellHidden(), AGAIN_MS);
  }

  async #mute() {
    const muted = !this.#isMuted;
    this.#capture.mute(muted);
    this.#say(muted ? "isMuted" : "isUnmuted");
    this.#show();
    if (this.#facts.is_live || this.#facts.elsewhere) await tell(`/rooms/${this.#room}/mute`, { muted });
  }

  get #isMuted() {
    return this.#facts.elsewhere ? isMutedIn(this.#tracks, this.#member) : this.#capture.isMuted;
  }

  get #member() {
    return this.root.dataset.member ?? "";
  }

  #stop() {
    this.#toldAt = performance.now();
    this.#sharing.stop();
    this.#publication.link.stop();
    this.#letSleep();
    this.#upAt = Infinity;
    this.root.removeAttribute("data-up");
    this.#is({ is_live: false, is_hidden: false, is_open: this.#capture.isOpen });
    this.#face.put("[data-connection]", "–");
    this.#say("stopped");
  }

  async #test() {
    const button = this.#face.button("test");
    button.disabled = true;
    this.#face.put("[data-test-result]", this.text("testing"));
    const waits = (/** @type {number} */ place) => this.#face.put("[data-test-result]", this.text("testWaits", { place }));
    const { key, way } = await tryConnection(waits);
    this.#face.put("[data-test-result]", this.text(key, { way: this.text(way) }));
    button.disabled = false;
  }

  // --- what happens

  #carry() {
    const { video, audio } = this.#capture;
    this.preview.srcObject = video ? new MediaStream([video]) : null;
    if (video) void this.preview.play().catch(() => {});
    this.preview.toggleAttribute("data-mirrored", video?.getSettings().facingMode === "user");
    this.#meter.listen(audio);
    this.#publication.carry({ video, audio }, this.#servers);
    this.#show();
  }

  #up() {
    this.#upAt = performance.now();
    this.root.setAttribute("data-up", "");
    this.#steady.forget();
    this.#problem("");
    this.#connection("ready");
    this.#say("wentLive");
    // A stage that was started anew does not know it; one that was left hidden or muted remembers it.
    void this.#tellHidden();
    void tell(`/rooms/${this.#room}/mute`, { muted: this.#capture.isMuted });
  }

  #down() {
    this.root.removeAttribute("data-up");
    this.#connection("isMade");
  }

  /** @param {number} status of the stage's answer, 0 for none */
  #refused(status) {
    const isFinal = status in REFUSED;
    this.#down();
    this.#problem(REFUSED[status] ?? (status === 0 ? "testFailed" : "full"));
    if (isFinal && this.#facts.is_live) this.#stop();
  }

  /** The room hears of this presenter's camera, and it is not ours: we heard of nothing being wrong with the line. */
  #isTaken() {
    const own = this.#tracks.filter((track) => track.member === this.#member && track.source === "camera");
    return this.#isOnline && own.some(({ state }) => state === "flowing" || state === "hidden");
  }

  #taken() {
    this.#stop();
    this.#toldAt = -Infinity;
    this.#agree();
    this.#problem("takenOver");
  }

  /** @param {boolean} isOn */
  #shared(isOn) {
    this.#say(isOn ? "sharing" : "notSharing");
    this.#show();
  }

  /** @param {import("../stage/room_socket.js").Hello} hello */
  #greeted(hello) {
    this.#servers = hello.ice_servers ?? [];
    this.#publication.link.refresh(this.#servers);
    this.#viewers(hello.viewers);
    this.#staged(hello.stage);
    if (this.#epoch >= 0 && hello.epoch !== this.#epoch) this.#restarted(hello.epoch);
    this.#epoch = hello.epoch;
  }

  /** @param {number} epoch */
  #restarted(epoch) {
    this.#epoch = epoch;
    if (this.#facts.is_live) this.#publication.link.start(this.#servers);
    this.#sharing.renew(this.#servers);
  }

  /** @param {import("../stage/room_socket.js").Stage} stage */
  #staged(stage) {
    this.#tracks = stage.tracks;
    const names = presenters(stage.tracks).map(({ name }) => name);
    const list = new Intl.ListFormat(document.documentElement.lang).format(names);
    this.#face.put("[data-presenters]", list || this.text("nobody"));
    const isShaky = stage.tracks.some(({ member, is_shaky }) => is_shaky && member === this.#member);
    this.#face.put("[data-shaky]", isShaky ? this.text("shaky") : "");
    this.#face.toggle("[data-on-air]", stage.is_on_air);
    this.#face.toggle("[data-off-air]", !stage.is_on_air);
    this.#agree();
    this.#show();
  }

  /** What the stage shows of her is what this page says of it: also where another page or program of hers decided. */
  #agree() {
    const { is_live, is_hidden, elsewhere } = this.#facts;
    const now = performance.now();
    const shown = shownOf(this.#tracks, this.#member, this.#isPaused);
    this.#hiddenSince = is_live && !is_hidden && shown === "hidden" ? Math.min(this.#hiddenSince, now) : Infinity;
    if (now - this.#toldAt < AGREES_MS) return;
    if (now - this.#hiddenSince > AGREES_MS) this.#hide();
    if (!is_live && shown !== elsewhere) this.#is({ elsewhere: shown });
  }

  /** @param {number} count */
  #viewers(count) {
    this.#face.put("[data-viewers]", this.text(count === 1 ? "oneViewer" : "viewers", { num: count }));
  }

  /** @param {string} why */
  #closed(why) {
    this.#stop();
    this.#capture.cut();
    this.#tracks = []; // whatever the stage showed last, nobody sends any more
    this.#is({ is_open: false, elsewhere: "" });
    this.#face.close();
    this.#face.toggle("[data-on-air]", false);
    this.#face.put("[data-viewers]", "");
    this.#face.put("[data-problem]", this.text(why));
  }

  async #look() {
    this.#agree();
    const { peer, isUp } = this.#publication.link;
    if (!this.#facts.is_live || !isUp || !peer) return;
    const quality = this.#steady.put(judgeUplink(uplinkOf((await peer.getStats()).values())));
    if (performance.now() - this.#upAt < RAMP_MS) return;
    this.#connection(quality);
    this.#problem(problemAfter(this.#wrong, quality));
  }

  async #beat() {
    return {
      is_flowing: this.#publication.link.isUp,
      is_shown: document.visibilityState === "visible",
      is_audible: false,
      rung: this.#publication.link.rung,
    };
  }

  // --- what is seen

  /** @param {Partial<import("./state.js").Facts>} change */
  #is(change) {
    Object.assign(this.#facts, change);
    this.#sharing.cut(this.#facts.is_hidden);
    this.#show();
  }

  #show() {
    this.#face.show(this.#facts, { isMuted: this.#isMuted, isShared: this.#sharing.isOn });
  }

  /** @param {string} key */
  #connection(key) {
    this.#face.put("[data-connection]", this.text(key));
  }

  /** @param {import("./noise.js").Verdict} verdict */
  #sound(verdict) {
    return verdict && !this.#capture.isMuted ? this.text(verdict) : "";
  }

  /** @param {string} key "" when there is none any more */
  #problem(key) {
    this.#wrong = key;
    this.#face.put("[data-problem]", key ? this.text(key) : "");
  }

  /** @param {string} key */
  #say(key) {
    this.#face.put("[data-said]", this.text(key));
  }
}
