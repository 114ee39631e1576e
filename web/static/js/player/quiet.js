/** While the film plays and nobody moves, the controls leave the picture alone. */

const STILL_MS = 3000;

/** @param {import("./player.js").Player} player */
export function mountQuiet(player) {
  const { stage, video } = player;
  let timer = 0;

  const isBusy = () =>
    !player.isPlaying ||
    stage.querySelector(".player-menu:not([hidden])") !== null ||
    stage.querySelector(".player-bar :focus-visible") !== null;

  const rest = () => {
    if (isBusy()) timer = setTimeout(rest, STILL_MS);
    else stage.dataset.quiet = "";
  };
  const wake = () => {
    delete stage.dataset.quiet;
    clearTimeout(timer);
    timer = setTimeout(rest, STILL_MS);
  };

  for (const name of ["pointermove", "pointerdown", "keydown", "focusin"]) {
    stage.addEventListener(name, (event) => {
      // The first touch only brings the controls back; see the tap below.
      if (name === "pointerdown" && isTouch(event) && "quiet" in stage.dataset) {
        stage.dataset.woken = "";
      }
      wake();
    });
  }
  stage.addEventListener("pointerleave", () => !isBusy() && (stage.dataset.quiet = ""));
  player.on("pause", wake);
  player.on("play", wake);

  video.addEventListener("click", () => {
    const isWaking = "woken" in stage.dataset;
    delete stage.dataset.woken;
    if (!isWaking) player.toggle();
  });
}

/** @param {Event} event */
function isTouch(event) {
  return event instanceof PointerEvent && event.pointerType === "touch";
}
