/** How sharp the picture is: automatic, or one of the film's heights. */

import { menu } from "./menu.js";

/** @param {import("./player.js").Player} player */
export function qualityMenu(player) {
  const { source, text } = player;
  const made = menu("quality", text("quality"), () => [
    { items: [automatic(player), ...[...source.heights].reverse().map((height) => fixed(player, height))] },
  ]);
  const show = () => {
    made.element.hidden = source.heights.length < 2;
    made.refresh();
  };
  player.on("levels", show);
  show();
  return made;
}

/** @param {import("./player.js").Player} player */
function automatic({ source, text }) {
  const isChosen = source.chosenHeight === null;
  const height = source.height === null ? "" : `${source.height}p`;
  const words = isChosen && height ? text("qualityAutoNow", { height }) : text("qualityAuto");
  return { words, isChosen, choose: () => source.choose(null) };
}

/** @param {import("./player.js").Player} player @param {number} height */
function fixed({ source }, height) {
  return {
    words: `${height}p`,
    isChosen: source.chosenHeight === height,
    choose: () => source.choose(height),
  };
}
