/**
 * Collects which seconds of the film were watched: played, and seen or heard. A muted film in a
 * hidden tab is neither. New ranges are told every few seconds and at every stop.
 */

import { merge } from "./ranges.js";

const TELL_EVERY_MS = 1500;
// A busy school PC reports late: as much film can have passed as time has, and a little for rounding.
// More is a jump.
const ROUNDING_S = 0.6;

/** @param {import("./player.js").Player} player */
export function mountWatched(player) {
  const { video } = player;
  /** @type {import("./ranges.js").Range[]} */
  let fresh = [];
  let last = NaN;
  let lastAt = 0;
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
    const elapsed = (performance.now() - lastAt) / 1000;
    if (passed > 0 && passed <= elapsed * Math.max(1, video.playbackRate) + ROUNDING_S && isSensed()) {
      fresh = merge([...fresh, [last, now]]);
    }
    last = now;
    lastAt = performance.now();
    if (performance.now() - toldAt >= TELL_EVERY_MS) tell();
  };

  video.addEventListener("timeupdate", () => (video.seeking ? undefined : step()));
  video.addEventListener("seeking", () => (last = NaN));
  video.addEventListener("playing", () => {
    last = video.currentTime;
    lastAt = performance.now();
  });
  for (const name of ["pause", "ended"]) {
    video.addEventListener(name, () => {
      if (!video.seeking) step();
      tell();
    });
  }
  document.addEventListener("visibilitychange", tell);
  addEventListener("pagehide", tell);
}
