/** Applause as a figure that stays for a moment: of all classes together, without a sound and without a name. */

import { put } from "./parts.js";

const STAYS_MS = 4000;

/** @param {Element} place @param {import("./line.js").RoomLine} line @param {import("../texts.js").Texts} text */
export function mountClaps(place, line, text) {
  let sum = 0;
  let forget = 0;
  line.on("reactions", (counts) => {
    sum += Object.values(counts).reduce((all, one) => all + one, 0);
    put(place, text(sum === 1 ? "oneClap" : "manyClaps", { num: sum }));
    clearTimeout(forget);
    forget = setTimeout(() => {
      sum = 0;
      put(place, "");
    }, STAYS_MS);
  });
}
