/** The chapters under a film: choosing one plays from there. */

import { make, must } from "../elements.js";
import { playerOf } from "../player/start.js";

/** @param {Element} list @param {import("../player/player.js").Player} player */
function mount(list, player) {
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-starts]"))) {
    const title = must(line.querySelector("span:last-child"));
    const button = make("button", { type: "button", class: "button button-plain" }, title.textContent ?? "");
    button.addEventListener("click", () => {
      player.seek(Number(line.dataset.starts));
      void player.play();
      player.root.scrollIntoView({ block: "nearest" });
    });
    title.replaceWith(button);
  }
}

for (const list of document.querySelectorAll("[data-chapters]")) {
  void playerOf(document.querySelector(".player")).then((player) => mount(list, player));
}
