/** Remembers on this device how far the film was watched, so that it can go on there. */

import { forget, recall, remember } from "../device.js";

// Nearer to an end than this there is nothing worth going on from.
const EDGE_S = 5;
const SAVE_EVERY_S = 5;

/** @param {import("./player.js").Player} player */
export function mountPlace(player) {
  const key = player.root.dataset.positionKey;
  if (!key) return;
  const name = `place.${key}`;
  let savedAt = -Infinity;
  const at = Number(recall(name)) || 0;
  if (isWorthKeeping(player, at)) player.seek(at);
  const save = () => {
    savedAt = player.position;
    if (isWorthKeeping(player, savedAt)) remember(name, Math.round(savedAt * 10) / 10);
    else forget(name);
  };
  player.on("time", (now) => {
    if (player.isPlaying && Math.abs(now - savedAt) >= SAVE_EVERY_S) save();
  });
  player.on("pause", save);
  player.on("ended", () => forget(name));
  addEventListener("pagehide", () => player.source.isOpen && save());
}

/** @param {import("./player.js").Player} player @param {number} at */
function isWorthKeeping(player, at) {
  return at >= EDGE_S && at <= player.duration - EDGE_S;
}
