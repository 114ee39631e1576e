/**
 * Mounts every player of the page. A page that steers one waits for it:
 *     const player = await playerOf(document.querySelector(".player"));
 */

import { mountCaptions } from "./captions.js";
import { mountControls } from "./controls.js";
import { mountKeyboard } from "./keyboard.js";
import { mountNotice } from "./notice.js";
import { Player } from "./player.js";
import { mountPlace } from "./place.js";
import { mountQuiet } from "./quiet.js";
import { mountTranscript } from "./transcript.js";
import { mountWatched } from "./watched.js";
import { mountWindow } from "./window.js";

/** The page loads this file under a versioned address and other files import it under the plain one:
 * two copies of the module, one player. So the element itself keeps it. */
const PLAYER = Symbol.for("porthole.player");

/** @typedef {HTMLElement & {[PLAYER]?: Promise<Player>}} PlayerElement */

/** @param {Element | null} root @returns {Promise<Player>} The same player each time. */
export function playerOf(root) {
  if (!(root instanceof HTMLElement)) return Promise.reject(new Error("There is no player here."));
  const element = /** @type {PlayerElement} */ (root);
  return (element[PLAYER] ??= mount(root));
}

/** @param {HTMLElement} root @returns {Promise<Player>} */
async function mount(root) {
  const player = new Player(root, await hls());
  player.video.controls = false;
  player.video.querySelector("source")?.remove();
  mountPlace(player);
  mountWatched(player);
  mountWindow(player);
  const captions = mountCaptions(player);
  mountNotice(player);
  mountControls(player, captions);
  mountTranscript(player);
  mountQuiet(player);
  mountKeyboard(player, captions);
  root.dataset.mounted = "";
  root.dispatchEvent(new CustomEvent("player-ready", { detail: player, bubbles: true }));
  return player;
}

/** Without the library the browser's own HLS is tried. */
async function hls() {
  try {
    return (await import("hls.js")).default;
  } catch {
    return null;
  }
}

for (const root of document.querySelectorAll(".player")) void playerOf(root);
