/**
 * The slider of the film: arrows five seconds, Page keys one chapter or half a minute, Home and End;
 * marks where chapters begin; a small picture under the pointer or while the slider has the focus.
 */

import { make } from "../elements.js";
import { chapterAt } from "./chapters.js";
import { preview } from "./storyboard.js";
import { clock, spoken } from "./timecode.js";

const STEP_S = 5;
const PAGE_S = 30;

/** @param {import("./player.js").Player} player */
export function seekSlider(player) {
  const { root, text } = player;
  const loaded = make("div", { class: "player-loaded" });
  const played = make("div", { class: "player-played" });
  const ticks = make("div", { class: "player-ticks" });
  const knob = make("div", { class: "player-knob" });
  const rail = make("div", { class: "player-rail" }, loaded, played, ticks);
  const slider = make(
    "div",
    { class: "player-seek", role: "slider", tabindex: 0, "aria-label": text("position"), "aria-valuemin": 0 },
    rail, knob,
  );
  const tip = preview(root.dataset.storyboard ?? "");
  const element = make("div", { class: "player-seek-row" }, tip.element, slider);

  const share = (/** @type {number} */ at) => (player.duration ? Math.min(1, at / player.duration) : 0);
  const label = (/** @type {number} */ at) => {
    const title = chapterAt(player.chapters, at)?.title;
    return title ? `${clock(at)} · ${title}` : clock(at);
  };
  const showTip = (/** @type {number} */ at) => void tip.show(at, label(at), share(at));

  const show = () => {
    const at = player.position;
    played.style.transform = `scaleX(${share(at)})`;
    knob.style.left = `${share(at) * 100}%`;
    loaded.style.transform = `scaleX(${share(bufferedEnd(player.video))})`;
    slider.setAttribute("aria-valuemax", String(Math.round(player.duration)));
    slider.setAttribute("aria-valuenow", String(Math.round(at)));
    slider.setAttribute("aria-valuetext", valueWords(player, at));
    if (!tip.element.hidden && slider.matches(":focus-visible")) showTip(at);
  };
  player.on("time", show);
  player.video.addEventListener("progress", show);
  player.video.addEventListener("durationchange", () => drawTicks(player, ticks, share));
  player.on("chosen", () => drawTicks(player, ticks, share));
  drawTicks(player, ticks, share);
  show();

  slider.addEventListener("keydown", (event) => {
    const to = keyTarget(player, event.key);
    if (to === null) return;
    event.preventDefault();
    player.seek(to);
    showTip(player.position);
  });
  slider.addEventListener("focus", () => slider.matches(":focus-visible") && showTip(player.position));
  slider.addEventListener("blur", tip.hide);
  followPointer(slider, {
    hover: (at) => showTip(at * player.duration),
    drag: (at) => player.seek(at * player.duration),
    leave: tip.hide,
  });
  return element;
}

/** @param {import("./player.js").Player} player @param {number} at */
function valueWords({ text, duration, chapters }, at) {
  const values = { time: spoken(at, text), length: spoken(duration, text) };
  const chapter = chapterAt(chapters, at)?.title;
  return chapter ? text("positionIn", { ...values, chapter }) : text("positionOf", values);
}

/** @param {import("./player.js").Player} player @param {string} key @returns {number | null} */
function keyTarget(player, key) {
  const { position, duration, chapters } = player;
  /** @type {Record<string, number>} */
  const to = {
    ArrowRight: position + STEP_S,
    ArrowUp: position + STEP_S,
    ArrowLeft: position - STEP_S,
    ArrowDown: position - STEP_S,
    PageUp: chapters.find(({ from }) => from > position + 0.5)?.from ?? position + PAGE_S,
    PageDown: chapters.filter(({ from }) => from < position - 1).pop()?.from ?? position - PAGE_S,
    Home: 0,
    End: duration,
  };
  return to[key] ?? null;
}

/** @param {HTMLVideoElement} video */
function bufferedEnd({ buffered, currentTime }) {
  for (let i = 0; i < buffered.length; i += 1) {
    if (buffered.start(i) <= currentTime + 0.5 && currentTime <= buffered.end(i)) return buffered.end(i);
  }
  return 0;
}

/**
 * Marks for chapters, and a veil over what was not chosen.
 * @param {import("./player.js").Player} player @param {HTMLElement} ticks @param {(at: number) => number} share
 */
function drawTicks(player, ticks, share) {
  const marks = player.chapters.filter(({ from }) => from > 0).map(({ from }) => {
    const mark = make("i");
    mark.style.left = `${share(from) * 100}%`;
    return mark;
  });
  ticks.replaceChildren(...veils(player, share), ...marks);
}

/** @param {import("./player.js").Player} player @param {(at: number) => number} share */
function veils({ chosenRanges, duration }, share) {
  if (!chosenRanges) return [];
  const edges = [0, ...chosenRanges.flat(), duration];
  return edges.flatMap((from, i) => {
    const to = edges[i + 1] ?? from;
    if (i % 2 || to <= from) return [];
    const veil = make("b");
    veil.style.left = `${share(from) * 100}%`;
    veil.style.width = `${(share(to) - share(from)) * 100}%`;
    return [veil];
  });
}

/**
 * @param {HTMLElement} slider
 * @param {{hover: (at: number) => void, drag: (at: number) => void, leave: () => void}} tell
 */
function followPointer(slider, tell) {
  const at = (/** @type {PointerEvent} */ event) => {
    const box = slider.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  slider.addEventListener("pointerdown", (event) => {
    slider.setPointerCapture(event.pointerId);
    tell.drag(at(event));
  });
  slider.addEventListener("pointermove", (event) => {
    tell.hover(at(event));
    if (slider.hasPointerCapture(event.pointerId)) tell.drag(at(event));
  });
  slider.addEventListener("pointerleave", tell.leave);
}
