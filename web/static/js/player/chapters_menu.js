/** The chapters as a list to jump from. */

import { chapterAt } from "./chapters.js";
import { menu } from "./menu.js";
import { clock } from "./timecode.js";

/** @param {import("./player.js").Player} player */
export function chaptersMenu(player) {
  const made = menu("chapters", player.text("chapters"), () => {
    const now = chapterAt(player.chapters, player.position);
    return [{
      items: player.chapters.map((chapter) => ({
        words: chapter.title,
        note: clock(chapter.from),
        isChosen: chapter === now,
        choose: () => player.seek(chapter.from),
      })),
    }];
  });
  player.on("chapter", () => made.refresh());
  return made;
}
