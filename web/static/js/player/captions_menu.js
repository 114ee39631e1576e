/** Which captions, how large, and whether a dark box stands behind them. */

import { SIZES } from "./captions.js";
import { menu } from "./menu.js";

/** @param {import("./player.js").Player} player @param {import("./captions.js").Captions} captions */
export function captionsMenu(player, captions) {
  const made = menu("captions", player.text("captions"), () => groups(player, captions));
  const show = () => {
    made.opener.dataset.on = captions.language ? "yes" : "no";
    made.refresh();
  };
  player.on("captions", show);
  show();
  return made;
}

/**
 * @param {import("./player.js").Player} player @param {import("./captions.js").Captions} captions
 * @returns {import("./menu.js").Group[]}
 */
function groups({ text }, captions) {
  const { wishes, tracks } = captions;
  const languages = [{ language: "", label: text("captionsOff") }, ...tracks];
  return [
    {
      heading: text("captions"),
      items: languages.map(({ language, label }) => ({
        words: label,
        isChosen: wishes.language === language,
        choose: () => captions.change({ language }),
      })),
    },
    {
      heading: text("captionSize"),
      isInRow: true,
      items: SIZES.map((size) => ({
        words: text(size),
        isChosen: wishes.size === size,
        choose: () => captions.change({ size }),
      })),
    },
    {
      items: [{
        words: text("captionBox"),
        isChosen: wishes.hasBox,
        isSwitch: true,
        choose: () => captions.change({ hasBox: !wishes.hasBox }),
      }],
    },
  ];
}
