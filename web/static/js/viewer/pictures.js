/**
 * The pictures of the stage: one large, the others beside it. A picture that is hidden or stands still gives way
 * to a still with the presenter's name; pressing a small one makes it large.
 */

import { make } from "../elements.js";
import { arrange, isStill } from "../stage/arrange.js";
import { SLOTS } from "../stage/watch.js";

/** @typedef {import("../stage/room_socket.js").Track} Track */
/** @typedef {{figure: HTMLElement, video: HTMLVideoElement, still: Element, name: Element, larger: HTMLElement}} Frame */

const PLACES = ["main", "second", "third", "fourth"];

export class Pictures {
  /** @type {Track[]} */
  #tracks = [];
  /** @type {number | null} */
  #chosen = null;
  #frames;

  /** @param {Element} place @param {import("../texts.js").Texts} text @param {() => void} firstFrame */
  constructor(place, text, firstFrame) {
    this.text = text;
    this.#frames = Array.from({ length: SLOTS }, (_, slot) => this.#frame(slot, firstFrame));
    place.append(...this.#frames.map(({ figure }) => figure));
  }

  /** @param {MediaStreamTrack[]} tracks by slot */
  take(tracks) {
    tracks.forEach((track, slot) => {
      const frame = this.#frames[slot];
      if (!frame) return;
      frame.video.srcObject = new MediaStream([track]);
      delete frame.figure.dataset.seen;
      void frame.video.play().catch(() => {});
    });
  }

  /** @param {Track[]} tracks */
  show(tracks) {
    this.#tracks = tracks;
    const { main, others } = arrange(tracks, this.#chosen);
    const placed = [main, ...others].filter((track) => track !== null);
    this.#frames.forEach((frame, slot) => {
      const at = placed.findIndex((track) => track.slot === slot);
      this.#dress(frame, placed[at], PLACES[at]);
    });
  }

  /** The next picture becomes the large one. */
  turn() {
    const { others } = arrange(this.#tracks, this.#chosen);
    if (others[0]) this.#choose(others[0].slot);
  }

  /** @param {number} slot */
  #choose(slot) {
    this.#chosen = slot;
    this.show(this.#tracks);
  }

  /** @param {number} slot @param {() => void} firstFrame @returns {Frame} */
  #frame(slot, firstFrame) {
    const video = make("video", { playsinline: true, autoplay: true, muted: true });
    video.muted = true;
    video.disablePictureInPicture = true;
    const still = make("p", { class: "stage-still" });
    const name = make("figcaption");
    const larger = make("button", { type: "button", class: "stage-larger" });
    larger.addEventListener("click", () => this.#choose(slot));
    const figure = make("figure", { class: "stage-picture", hidden: true }, video, still, name, larger);
    video.addEventListener("playing", () => {
      figure.dataset.seen = "";
      firstFrame();
    });
    return { figure, video, still, name, larger };
  }

  /** @param {Frame} frame @param {Track | undefined} track @param {string} [place] */
  #dress({ figure, still, name, larger }, track, place) {
    figure.hidden = !track;
    delete figure.dataset.place;
    if (!track || !place) return;
    const { text } = this;
    const words = track.source === "screen" ? `${track.name} (${text("screen")})` : track.name;
    figure.dataset.place = place;
    figure.dataset.source = track.source;
    figure.toggleAttribute("data-still", isStill(track.state));
    put(still, isStill(track.state) ? text("back") : "");
    put(name, words);
    larger.hidden = place === "main";
    larger.setAttribute("aria-label", text("larger", { name: words }));
  }
}

/** @param {Element} place @param {string} words */
function put(place, words) {
  if (place.textContent !== words) place.textContent = words;
}
