/** The moderator's questions: what was passed on, what everybody sees, what is on the stage. */

import { make, must } from "../elements.js";
import { queued, staged, wanted } from "./floor.js";
import { showList } from "./list.js";
import { button, classWords, clock, put } from "./parts.js";

/** @typedef {import("./floor.js").Floor} Floor */
/** @typedef {import("./floor.js").Question} Question */
/** @typedef {import("./floor.js").Waiting} Waiting */
/** @typedef {(what: string, fields: object) => Promise<string>} Do */

// Where the next question is taken from, and how it is called.
/** @type {Record<string, [string, string, string][]>} */
const WAYS = {
  passed: [["on_stage", "putOnStage", "sea"], ["shown", "showAll", "outlined"], ["declined", "notThis", "outlined"]],
  asked: [["on_stage", "putOnStage", "sea"], ["shown", "showAll", "outlined"], ["not_now", "notNow", "outlined"]],
  held: [["on_stage", "putOnStage", "outlined"], ["shown", "showAll", "outlined"], ["not_now", "notNow", "outlined"]],
  declined: [["shown", "showAll", "outlined"], ["archived", "throwAway", "plain"]],
  not_now: [["shown", "showAll", "outlined"], ["archived", "throwAway", "plain"]],
  on_stage: [["answered", "answered", "sea"], ["shown", "offStage", "outlined"]],
  shown: [["on_stage", "putOnStage", "sea"], ["archived", "takeAway", "plain"]],
  answered: [["on_stage", "onceMore", "outlined"], ["archived", "takeAway", "plain"]],
};

/** @param {HTMLElement} root @param {import("./line.js").RoomLine} line @param {import("../texts.js").Texts} text @param {Do} doIt */
export function mountQuestions(root, line, text, doIt) {
  /** @param {string} selector */
  const find = (selector) => /** @type {HTMLElement} */ (must(root.querySelector(selector)));

  /** @param {{id: string, text: string, state: string}} one */
  const ways = (one) =>
    (WAYS[one.state] ?? []).map(([to, words, kind]) =>
      button(to, text(words), () => doIt("move", { question: one.id, to }), kind, one.text));

  /** @param {Waiting | Question} one @param {string} more @param {...Node} acts */
  const lineOf = (one, more, ...acts) =>
    make("li", { "data-state": one.state }, make("p", { class: "talk-text" }, one.text),
      make("p", { class: "quiet" }, `${classWords(text, one)} · ${more}`), ...held(one),
      make("div", { class: "actions" }, ...ways(one), ...acts));

  /** @param {Waiting | Question} one */
  const held = (one) =>
    ("held_for" in one ? one.held_for : []).map((why) => make("p", { class: "talk-held" }, text(`why_${why}`)));

  /** @param {Waiting} one */
  const waitingLine = (one) => lineOf(one, clock(one.at), ...ban(one));

  /** @param {Waiting} one */
  const ban = (one) =>
    one.seat ? [button("ban", text("removeDevice"), () => confirmed(text("sureRemove"), () => doIt("ban", { seat: one.seat })), "plain", one.text)] : [];

  /** @param {Question} one */
  const shownLine = (one) => {
    const pin = button("pin", text(one.is_pinned ? "unpin" : "pin"), () => doIt("pin", { question: one.id, is_on: !one.is_pinned }), "plain", one.text);
    pin.setAttribute("aria-pressed", String(one.is_pinned));
    return lineOf(one, text(one.votes === 1 ? "oneWants" : "manyWant", { num: one.votes }), pin);
  };

  /** @param {Floor} floor */
  const show = (floor) => {
    const waits = waiting(line);
    const aside = queued(floor, "declined", "not_now");
    const now = staged(floor);
    const answered = [...floor.questions.values()].filter(({ state }) => state === "answered").sort((a, b) => b.at - a.at);
    put(find("[data-count]"), text(waits.length === 1 ? "oneWaits" : "manyWait", { num: waits.length }));
    find("[data-empty]").hidden = waits.length > 0;
    find("[data-none-staged]").hidden = now !== null;
    find("[data-none-shown]").hidden = wanted(floor).length > 0;
    find("[data-aside-part]").hidden = !aside.length;
    find("[data-answered-part]").hidden = !answered.length;
    /** @type {(one: {id: string}) => string} */
    const id = (one) => one.id;
    showList(find("[data-queue]"), waits, id, (one) => one, waitingLine);
    showList(find("[data-aside]"), aside, id, (one) => one, waitingLine);
    showList(find("[data-staged]"), now ? [now] : [], id, (one) => one, (one) => lineOf(one, clock(one.at)));
    showList(find("[data-shown]"), wanted(floor), id, (one) => one, shownLine);
    showList(find("[data-answered]"), answered, id, (one) => one, (one) => lineOf(one, clock(one.at)));
  };

  line.on("changed", show);
}

/** What she has not dealt with yet; who teaches the only class has its first check too. @param {import("./line.js").RoomLine} line */
export function waiting({ floor, me }) {
  return me?.parts?.length ? queued(floor, "passed", "asked", "held") : queued(floor, "passed");
}

/** What cannot be taken back is asked once more. @param {string} words @param {() => Promise<unknown>} act */
export function confirmed(words, act) {
  return confirm(words) ? act() : Promise.resolve();
}
