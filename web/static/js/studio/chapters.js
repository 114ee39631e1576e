/** Adds a chapter at the moment the film shows. */

import { showTime } from "../captions/rows.js";
import { must } from "../elements.js";
import { playerOf } from "../player/start.js";

/** @param {HTMLElement} root @param {import("../player/player.js").Player} player */
function mount(root, player) {
  const title = /** @type {HTMLInputElement} */ (must(root.querySelector("input")));
  const lines = /** @type {HTMLTextAreaElement} */ (must(document.querySelector("#chapters")));
  const now = must(root.querySelector("[data-now]"));
  root.hidden = false;
  player.on("time", (at) => { now.textContent = showTime(Math.floor(at) * 1000); });
  const add = () => {
    if (!title.value.trim()) {
      title.focus();
      return;
    }
    const line = `${showTime(Math.floor(player.position) * 1000)} ${title.value.trim()}`;
    lines.value = [lines.value.trim(), line].filter(Boolean).join("\n");
    title.value = "";
    title.focus();
  };
  must(root.querySelector("[data-add]")).addEventListener("click", add);
  title.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  });
}

for (const root of document.querySelectorAll("[data-moment]")) {
  void playerOf(document.querySelector(".player")).then((player) => mount(/** @type {HTMLElement} */ (root), player));
}
