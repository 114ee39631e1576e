/** Hands counted by the teacher, for a class that has no phones: a number for each choice of the open poll. */

import { make, must } from "../elements.js";
import { pollNow } from "./floor.js";
import { showList } from "./list.js";
import { sayer } from "./parts.js";

/**
 * @param {HTMLElement} place a form with [data-choices], [data-poll-text], [data-problem], [data-kept] @param {string} part
 * @param {import("./line.js").RoomLine} line @param {import("../texts.js").Texts} text
 */
export function mountHands(place, part, line, text) {
  const form = /** @type {HTMLFormElement} */ (place);
  const choices = must(form.querySelector("[data-choices]"));
  const problem = /** @type {HTMLElement} */ (must(form.querySelector("[data-problem]")));
  const say = sayer(problem, text);

  line.on("changed", (floor) => {
    const poll = pollNow(floor);
    must(form.querySelector("[data-poll-text]")).textContent = poll?.text ?? "";
    const lines = (poll?.choices ?? []).map((choice, at) => ({ choice, at, poll: poll?.id ?? "" }));
    showList(choices, lines, (one) => `${one.poll} ${one.at}`, (one) => one, ({ choice, at }) => field(part, choice, at));
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const poll = pollNow(line.floor);
    const inputs = [.../** @type {NodeListOf<HTMLInputElement>} */ (choices.querySelectorAll("input"))];
    const counts = inputs.map(({ value }) => Math.max(0, Math.trunc(Number(value) || 0)));
    if (!poll?.is_open) return;
    void say(line.do("count_hands", { poll: poll.id, part, counts })).then((code) => {
      must(form.querySelector("[data-kept]")).textContent = code ? "" : text("handsKept");
    });
  });
}

/** @param {string} part @param {string} choice @param {number} at */
function field(part, choice, at) {
  const id = `hands-${part}-${at}`;
  return make("div", { class: "talk-count" }, make("label", { for: id }, choice),
    make("input", { id, inputmode: "numeric", maxlength: "3", autocomplete: "off", value: "0" }));
}
