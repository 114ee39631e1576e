/** How fast the film goes. */

import { menu } from "./menu.js";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

/** One step slower or faster. @param {HTMLVideoElement} video @param {-1 | 1} direction */
export function changeSpeed(video, direction) {
  const at = SPEEDS.indexOf(video.playbackRate);
  setSpeed(video, SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + direction))] ?? 1);
}

/** @param {HTMLVideoElement} video @param {number} speed */
function setSpeed(video, speed) {
  // The default too, or opening the film again after an error falls back to 1.
  video.defaultPlaybackRate = speed;
  video.playbackRate = speed;
}

/** @param {import("./player.js").Player} player */
export function speedMenu(player) {
  const { video, text } = player;
  const made = menu("speed", text("speed"), () => [
    {
      items: SPEEDS.map((speed) => ({
        words: text("speedTimes", { times: speed.toLocaleString(player.root.dataset.language) }),
        isChosen: video.playbackRate === speed,
        choose: () => setSpeed(video, speed),
      })),
    },
  ]);
  video.addEventListener("ratechange", () => made.refresh());
  return made;
}
