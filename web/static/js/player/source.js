/**
 * Brings the film in: hls.js where the browser has media source extensions, else the browser's own
 * HLS (older iPhones). Nothing is asked from the server before the first play.
 */

/** @typedef {typeof import("hls.js").default} HlsClass */
/** @typedef {"errorNetwork" | "errorGone" | "errorMedia"} SourceError */

const NATIVE = "application/vnd.apple.mpegurl";
// A class's PC has little memory: half a minute ahead rides out a hiccup, as much behind is enough.
const AHEAD_S = 30;
const BEHIND_S = 30;
// The server says "not yours" and "not there" alike; 410 is a version that was replaced.
const GONE = [401, 403, 404, 410];

export class Source {
  /** @type {import("hls.js").default | null} */
  #hls = null;
  /** The height the viewer chose; null leaves it to the network. @type {number | null} */
  #chosen = null;
  #hasRecovered = false;

  /**
   * @param {HTMLVideoElement} video
   * @param {string} url
   * @param {HlsClass | null} Hls null when the library did not come in
   * @param {{failed: (error: SourceError) => void, levelsChanged: () => void}} tell
   */
  constructor(video, url, Hls, tell) {
    this.video = video;
    this.url = url;
    this.Hls = Hls;
    this.tell = tell;
    this.isOpen = false;
  }

  /** @param {number} at seconds */
  open(at) {
    this.isOpen = true;
    this.#hasRecovered = false;
    if (this.Hls?.isSupported()) this.#openWithHls(this.Hls, at);
    else if (this.video.canPlayType(NATIVE)) this.#openNative(at);
    else this.tell.failed("errorMedia");
  }

  close() {
    this.isOpen = false;
    this.#hls?.destroy();
    this.#hls = null;
    this.video.removeAttribute("src");
  }

  /** Heights on offer, lowest first; empty where the browser chooses by itself. @returns {number[]} */
  get heights() {
    const heights = this.#hls?.levels.map((level) => level.height) ?? [];
    return [...new Set(heights)].sort((a, b) => a - b);
  }

  get chosenHeight() {
    return this.#chosen;
  }

  /** The height on screen, or null while it is not known. @returns {number | null} */
  get height() {
    return this.#hls?.levels[this.#hls.currentLevel]?.height ?? null;
  }

  /** Changes at the next segment, without a gap. @param {number | null} height null: automatic */
  choose(height) {
    this.#chosen = height;
    if (!this.#hls) return;
    this.#hls.nextLevel = this.#hls.levels.findIndex((level) => level.height === height);
    this.tell.levelsChanged();
  }

  /** @param {HlsClass} Hls @param {number} at */
  #openWithHls(Hls, at) {
    const hls = new Hls({
      workerPath: import.meta.resolve("hls.js/worker"),
      startPosition: at,
      maxBufferLength: AHEAD_S,
      backBufferLength: BEHIND_S,
      capLevelToPlayerSize: true,
      renderTextTracksNatively: false,
    });
    this.#hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.choose(this.#chosen));
    hls.on(Hls.Events.LEVEL_SWITCHED, () => this.tell.levelsChanged());
    hls.on(Hls.Events.ERROR, (_, data) => data.fatal && this.#fail(Hls, data));
    hls.loadSource(this.url);
    hls.attachMedia(this.video);
  }

  /** @param {number} at */
  #openNative(at) {
    const { video } = this;
    video.src = this.url;
    video.addEventListener("loadedmetadata", () => (video.currentTime = at), { once: true });
    video.onerror = () => {
      if (this.isOpen) this.tell.failed(video.error?.code === 2 ? "errorNetwork" : "errorMedia");
    };
  }

  /** @param {HlsClass} Hls @param {import("hls.js").ErrorData} data */
  #fail(Hls, data) {
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !this.#hasRecovered) {
      this.#hasRecovered = true;
      this.#hls?.recoverMediaError();
    } else if (GONE.includes(data.response?.code ?? 0)) this.tell.failed("errorGone");
    else if (data.type === Hls.ErrorTypes.NETWORK_ERROR) this.tell.failed("errorNetwork");
    else this.tell.failed("errorMedia");
  }
}
