/** The stage fills the screen. An iPhone only lets a picture itself do that. */

import { button, rename } from "../player/button.js";

/** @typedef {HTMLVideoElement & {webkitEnterFullscreen?: () => void}} AppleVideo */

/** Call it from a press. @param {HTMLElement} stage */
export async function toggleFullscreen(stage) {
  try {
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (stage.requestFullscreen) await stage.requestFullscreen();
    else /** @type {AppleVideo | null} */ (stage.querySelector("[data-place=main] video"))?.webkitEnterFullscreen?.();
  } catch {
    // The browser or the school's policy refuses: the stage stays in the page.
  }
}

/** @param {HTMLElement} stage @param {import("../texts.js").Texts} text */
export function fullscreenButton(stage, text) {
  const made = button("expand", text("fullscreen"), () => void toggleFullscreen(stage), { "aria-keyshortcuts": "f" });
  document.addEventListener("fullscreenchange", () => {
    const isFull = document.fullscreenElement !== null;
    rename(made, isFull ? "shrink" : "expand", text(isFull ? "leaveFullscreen" : "fullscreen"));
  });
  return made;
}
