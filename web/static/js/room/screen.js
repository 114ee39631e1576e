/** The classroom screen beside the picture: the question on the stage, the poll, and how many questions wait. */

import { make, must } from "../elements.js";
import { mountClaps } from "./claps.js";
import { pollNow, staged } from "./floor.js";
import { showList } from "./list.js";
import { classWords, pollBars, put } from "./parts.js";

/** @typedef {import("./floor.js").Floor} Floor */
/** @typedef {import("../texts.js").Texts} Texts */

/** @param {HTMLElement} root @param {import("./line.js").RoomLine} line @param {Texts} text */
export function mountScreen(root, line, text) {
  line.on("changed", (floor) => show(root, floor, text));
  mountClaps(must(root.querySelector("[data-claps]")), line, text);
}

/** @param {HTMLElement} root @param {Floor} floor @param {Texts} text */
function show(root, floor, text) {
  const question = staged(floor);
  const poll = pollNow(floor);
  const isPoll = poll !== null && (poll.is_open || !question);
  const place = /** @type {HTMLElement} */ (must(root.querySelector("[data-screen]")));
  place.hidden = !question && !isPoll;
  place.dataset.shows = isPoll ? "poll" : "question";
  put(place.querySelector("[data-screen-text]"), isPoll ? poll.text : (question?.text ?? ""));
  put(place.querySelector("[data-screen-by]"), isPoll || !question ? "" : classWords(text, question));
  const result = poll?.is_shown ? floor.results.get(poll.id) : undefined;
  showList(
    must(place.querySelector("[data-screen-poll]")), isPoll ? [poll] : [], ({ id }) => id, (one) => [one, result],
    (one) => make("li", {}, choices(one, result, text)),
  );
  const { waiting } = floor;
  put(root.querySelector("[data-waiting]"), waiting ? text(waiting === 1 ? "oneWaits" : "manyWait", { num: waiting }) : "");
}

/** @param {import("./floor.js").Poll} poll @param {import("./floor.js").Result | undefined} result @param {Texts} text */
function choices(poll, result, text) {
  if (result) return make("ul", { class: "talk-bars" }, ...pollBars(text, poll, result));
  return make("ol", { class: "talk-choices" }, ...poll.choices.map((choice) => make("li", {}, choice)));
}
