/** The bar under the film: builds it and keeps its words up to date. */

import { make } from "../elements.js";
import { button, rename } from "./button.js";
import { captionsMenu } from "./captions_menu.js";
import { chaptersMenu } from "./chapters_menu.js";
import { fullscreenButton } from "./fullscreen.js";
import { qualityMenu } from "./quality.js";
import { seekSlider } from "./seek.js";
import { speedMenu } from "./speed.js";
import { clock } from "./timecode.js";
import { transcriptButton } from "./transcript.js";
import { volumeControls } from "./volume.js";

/** @param {import("./player.js").Player} player @param {import("./captions.js").Captions} captions */
export function mountControls(player, captions) {
  const buttons = make(
    "div",
    { class: "player-buttons" },
    playButton(player),
    volumeControls(player),
    timeLine(player),
    make("span", { class: "player-space" }),
  );
  if (player.chapters.length) buttons.append(chaptersMenu(player).element);
  if (captions.tracks.length) buttons.append(captionsMenu(player, captions).element);
  buttons.append(speedMenu(player).element, qualityMenu(player).element);
  if (player.root.hasAttribute("data-transcript")) buttons.append(transcriptButton(player));
  buttons.append(fullscreenButton(player));
  player.stage.append(make("div", { class: "player-bar" }, seekSlider(player), buttons));
}

/** @param {import("./player.js").Player} player */
function playButton(player) {
  const { text } = player;
  const made = button("play", text("play"), () => player.toggle());
  const show = () => {
    const { isPlaying } = player;
    rename(made, isPlaying ? "pause" : "play", text(isPlaying ? "pause" : "play"));
  };
  player.on("play", show);
  player.on("pause", show);
  player.on("ended", show);
  return made;
}

/** "1:05 / 9:40 · Chapter". The slider says it to screen readers. @param {import("./player.js").Player} player */
function timeLine(player) {
  const now = make("span");
  const chapter = make("span", { class: "player-chapter" });
  const show = () => (now.textContent = `${clock(player.position)} / ${clock(player.duration)}`);
  player.on("time", show);
  player.on("chapter", (current) => (chapter.textContent = current?.title ?? ""));
  show();
  return make("p", { class: "player-time", "aria-hidden": "true" }, now, chapter);
}
