/**
 * Says in words what is wrong, keeps the place, and offers to try again; when the network comes back it
 * does so by itself, for nobody stands at the classroom's machine. Waiting is said quietly.
 */

import { make } from "../elements.js";

// A pause shorter than this is not worth a word.
const PATIENCE_MS = 600;

/** @param {import("./player.js").Player} player */
export function mountNotice(player) {
  const { stage, text } = player;
  const words = make("p");
  const retry = make("button", { type: "button", class: "button" }, text("retry"));
  const error = make("div", { class: "player-error", role: "alert", hidden: true }, words, retry);
  const loading = make("p", { class: "player-loading", role: "status" });
  stage.append(error, loading);
  let timer = 0;
  let isNetwork = false;

  player.on("error", (key) => {
    if (key === "errorCaptions") {
      loading.textContent = text(key);
      return;
    }
    isNetwork = key === "errorNetwork";
    words.textContent = text(key);
    error.hidden = false;
    loading.textContent = "";
  });
  player.on("waiting", (isWaiting) => {
    clearTimeout(timer);
    if (!isWaiting) loading.textContent = "";
    else timer = setTimeout(() => (loading.textContent = text("loading")), PATIENCE_MS);
  });
  player.video.addEventListener("playing", () => (error.hidden = true));
  const tryAgain = () => {
    error.hidden = true;
    void player.retry();
  };
  retry.addEventListener("click", () => {
    tryAgain();
    stage.focus({ preventScroll: true });
  });
  addEventListener("online", () => error.hidden || !isNetwork || tryAgain());
}
