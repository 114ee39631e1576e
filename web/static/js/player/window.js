/** The round window: closed it shows the poster through the wall, the first play opens the stage. */

import { make } from "../elements.js";
import { icon } from "./icons.js";
import { clock } from "./timecode.js";

/** @param {import("./player.js").Player} player */
export function mountWindow(player) {
  const { root, stage, video, text } = player;
  const words = make("span");
  const start = make("button", { type: "button", class: "player-start" }, icon("play"), words);
  const again = make("button", { type: "button", class: "player-again" }, text("fromStart"));
  const frame = make("div", { class: "player-window", "aria-hidden": "true" });
  const picture = make("div", { class: "player-picture" });
  video.before(picture);
  picture.append(video);
  const choices = make("div", { class: "player-choices" }, start, again);
  stage.append(frame, choices);
  stage.tabIndex = -1;
  video.tabIndex = -1;

  const label = () => {
    const at = player.position;
    words.textContent = at > 0 ? text("goOn", { time: clock(at) }) : text("play");
    again.hidden = at <= 0;
  };
  const open = () => {
    if (root.dataset.state === "open") return;
    root.dataset.state = "open";
    choices.hidden = true;
    (root.closest(".stage-band") ?? stage).classList.add("theatre");
    player.send("open", null);
  };

  label();
  player.on("seek", label);
  player.on("play", open);
  start.addEventListener("click", () => {
    void player.play();
    open();
    stage.focus({ preventScroll: true });
  });
  again.addEventListener("click", () => {
    player.seek(0);
    start.click();
  });
  root.dataset.state = "closed";
  if (root.hasAttribute("data-open")) open();
}
