/** The moderator's polls: she sees what was voted first, and shows it when she wants. */

import { make, must } from "../elements.js";
import { newUuid } from "../uuid.js";
import { showList } from "./list.js";
import { button, pollBars } from "./parts.js";

/** @typedef {import("./floor.js").Poll} Poll */

const FEWEST = 2;
const MOST = 8;

/** @param {HTMLElement} root @param {import("./line.js").RoomLine} line @param {import("../texts.js").Texts} text @param {import("./desk.js").Do} doIt */
export function mountPolls(root, line, text, doIt) {
  const form = /** @type {HTMLFormElement} */ (must(root.querySelector("[data-poll-form]")));
  const place = must(root.querySelector("[data-polls]"));

  /** @param {Poll} poll */
  const draw = (poll) => {
    const { id: name, is_open: isOpen, is_shown: isShown } = poll;
    const result = line.floor.results.get(name);
    const acts = [button("show", text(isShown ? "hidePoll" : "showPoll"), () => doIt("show_poll", { poll: name, is_on: !isShown }), "outlined", poll.text)];
    if (isOpen) acts.unshift(button("close", text("closePoll"), () => doIt("close_poll", { poll: name }), "sea", poll.text));
    const state = [text(isOpen ? "pollOpen" : "pollClosed"), text("voters", { num: result?.voters ?? 0 }), text(isShown ? "pollShown" : "pollHidden")];
    return make("li", {}, make("h3", {}, poll.text), make("ul", { class: "talk-bars" }, ...pollBars(text, poll, result)),
      make("p", { class: "quiet" }, state.join(" · ")), make("div", { class: "actions" }, ...acts));
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = new FormData(form);
    const choices = String(said.get("choices")).split("\n").map((one) => one.trim().slice(0, 100)).filter(Boolean);
    const words = String(said.get("text")).replace(/\s+/g, " ").trim();
    const problem = /** @type {HTMLElement} */ (must(form.querySelector("[data-problem]")));
    const isWhole = words && choices.length >= FEWEST && choices.length <= MOST;
    problem.textContent = isWhole ? "" : text("pollWants");
    problem.hidden = Boolean(isWhole);
    if (!isWhole) return;
    const poll = { poll: newUuid(), text: words, choices, is_multiple: said.get("multiple") !== null };
    void doIt("open_poll", poll).then((code) => {
      if (code) return;
      form.reset();
      form.closest("details")?.removeAttribute("open");
    });
  });

  line.on("changed", (floor) => {
    const polls = [...floor.polls.values()].reverse();
    showList(place, polls, ({ id }) => id, (one) => [one, floor.results.get(one.id)], draw);
  });
}
