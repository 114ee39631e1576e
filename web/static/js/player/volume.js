/** Sound on and off, and how loud; remembered on this device. */

import { recall, remember } from "../device.js";
import { make } from "../elements.js";
import { button, rename } from "./button.js";

const KEY = "volume";

/** @param {HTMLVideoElement} video @param {number} by −1 to 1 */
export function changeVolume(video, by) {
  video.muted = false;
  video.volume = Math.min(1, Math.max(0, Math.round((video.volume + by) * 20) / 20));
}

/** @param {HTMLVideoElement} video */
export function toggleSound(video) {
  const isSilent = video.muted || video.volume === 0;
  if (isSilent && video.volume === 0) video.volume = 0.5;
  video.muted = !isSilent;
}

/** @param {import("./player.js").Player} player */
export function volumeControls(player) {
  const { video, text } = player;
  const kept = recall(KEY);
  if (typeof kept === "number" && kept > 0 && kept <= 1) video.volume = kept;
  const mute = button("sound", text("mute"), () => toggleSound(video));
  const slider = make("input", {
    type: "range", min: 0, max: 100, step: 5, class: "player-volume", "aria-label": text("volume"),
  });
  slider.addEventListener("input", () => {
    video.muted = false;
    video.volume = Number(slider.value) / 100;
  });
  const show = () => {
    const isSilent = video.muted || video.volume === 0;
    rename(mute, isSilent ? "mute" : "sound", text(isSilent ? "unmute" : "mute"));
    const percent = isSilent ? 0 : Math.round(video.volume * 100);
    slider.value = String(percent);
    slider.setAttribute("aria-valuetext", `${percent} %`);
    slider.style.setProperty("--filled", `${percent}%`);
  };
  video.addEventListener("volumechange", () => {
    show();
    if (!video.muted && video.volume > 0) remember(KEY, video.volume);
  });
  show();
  return make("div", { class: "player-sound" }, mute, slider);
}
