/** The stage fills the screen. An iPhone only lets the film itself do that. */

import { button, rename } from "./button.js";

/** @typedef {HTMLVideoElement & {webkitEnterFullscreen?: () => void}} AppleVideo */

/** @param {import("./player.js").Player} player */
export function isFullscreen(player) {
  return document.fullscreenElement === player.stage;
}

/** Call it from a press of the viewer. @param {import("./player.js").Player} player @param {boolean} isWanted */
export async function setFullscreen(player, isWanted) {
  if (isWanted === isFullscreen(player)) return;
  const video = /** @type {AppleVideo} */ (player.video);
  try {
    if (!isWanted) await document.exitFullscreen();
    else if (player.stage.requestFullscreen) await player.stage.requestFullscreen();
    else video.webkitEnterFullscreen?.();
  } catch {
    // The browser or the school's policy refuses: the film goes on in the page.
  }
}

/** @param {import("./player.js").Player} player */
export function toggleFullscreen(player) {
  void setFullscreen(player, !isFullscreen(player));
}

/** @param {import("./player.js").Player} player */
export function fullscreenButton(player) {
  const { text } = player;
  const made = button("expand", text("fullscreen"), () => toggleFullscreen(player), {
    class: "player-button player-expand",
  });
  document.addEventListener("fullscreenchange", () => {
    const isFull = isFullscreen(player);
    rename(made, isFull ? "shrink" : "expand", text(isFull ? "leaveFullscreen" : "fullscreen"));
  });
  return made;
}
