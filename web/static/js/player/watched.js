/**
 * Collects which seconds of the film were watched: played, and seen or heard. A muted film in a
 * hidden tab is neither. New ranges are told every few seconds and at every stop.
 */

import { merge } from "./ranges.js";

const TELL_EVERY_MS = 1500;
// Between two reports of the browser no more film than this can have passed at normal speed, also in a
// background tab, which reports once a second. More is a jump.
const STEP_S = 1.6;

/** @param {import("./player.js").Player} player */
export function mountWatched(player) {
  const { video } = player;
  /** @type {import("./ranges.js").Range[]} */
  let fresh = [];
  let last = NaN;
  let toldAt = performance.now();

  const isSensed = () => document.visibilityState === "visible" || (!video.muted && video.volume > 0);

  const tell = () => {
    toldAt = performance.now();
    if (!fresh.length) return;
    const ranges = merge(fresh);
    fresh = [];
    player.watched = merge([...player.watched, ...ranges]);
    player.send("watched", ranges);
  };

  const step = () => {
    const now = video.currentTime;
    const passed = now - last;
    if (passed > 0 && passed <= STEP_S * Math.max(1, video.playbackRate) && isSensed()) {
      fresh = merge([...fresh, [last, now]]);
    }
    last = now;
    if (performance.now() - toldAt >= TELL_EVERY_MS) tell();
  };

  video.addEventListener("timeupdate", () => (video.seeking ? undefined : step()));
  video.addEventListener("seeking", () => (last = NaN));
  video.addEventListener("playing", () => (last = video.currentTime));
  for (const name of ["pause", "ended"]) {
    video.addEventListener(name, () => {
      if (!video.seeking) step();
      tell();
    });
  }
  document.addEventListener("visibilitychange", tell);
  addEventListener("pagehide", tell);
}
