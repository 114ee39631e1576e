/**
 * Keys, while the focus is in the player (so that single letters stay free elsewhere on the page):
 * space or k play · j l ten seconds · ← → five seconds · ↑ ↓ volume · c captions · f full screen ·
 * m sound · < > speed.
 */

import { toggleFullscreen } from "./fullscreen.js";
import { changeSpeed } from "./speed.js";
import { changeVolume, toggleSound } from "./volume.js";

const JUMP_S = 10;
const STEP_S = 5;
const VOLUME_STEP = 0.1;

/** @param {import("./player.js").Player} player @param {import("./captions.js").Captions} captions */
export function mountKeyboard(player, captions) {
  /** @type {Record<string, () => void>} */
  const keys = {
    " ": () => player.toggle(),
    k: () => player.toggle(),
    j: () => player.seek(player.position - JUMP_S),
    l: () => player.seek(player.position + JUMP_S),
    ArrowLeft: () => player.seek(player.position - STEP_S),
    ArrowRight: () => player.seek(player.position + STEP_S),
    ArrowUp: () => changeVolume(player.video, VOLUME_STEP),
    ArrowDown: () => changeVolume(player.video, -VOLUME_STEP),
    c: () => captions.toggle(),
    f: () => toggleFullscreen(player),
    m: () => toggleSound(player.video),
    "<": () => changeSpeed(player.video, -1),
    ">": () => changeSpeed(player.video, 1),
  };
  player.stage.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = keys[key];
    if (!act || belongsTo(event.target, key)) return;
    event.preventDefault();
    act();
  });
}

/** A button keeps its space bar, a slider or menu its arrows. @param {EventTarget | null} target @param {string} key */
function belongsTo(target, key) {
  if (!(target instanceof Element)) return false;
  if (key === " ") return target.closest("button, [role^=menuitem]") !== null;
  return key.startsWith("Arrow") && target.closest("[role=menu], input") !== null;
}
