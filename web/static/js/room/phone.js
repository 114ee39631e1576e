/** A pupil's three buttons in a room: Ask, Vote, Clap; a raised hand, and where one's own questions are. */

import { make, must } from "../elements.js";
import { mountAsking } from "./asking.js";
import { pollNow, silence, staged, wanted } from "./floor.js";
import { showList } from "./list.js";
import { keepText, ownTexts, whereIs } from "./own.js";
import { button, classWords, pollBars, put, sayer } from "./parts.js";
import { mountReport } from "./report.js";

/** @typedef {import("./floor.js").Floor} Floor */
/** @typedef {import("./floor.js").Question} Question */

// The button rests between two claps, as the room counts no more than two a second.
const CLAP_MS = 500;

export class Phone {
  #isVoting = false;
  /** What was chosen in each poll. @type {Map<string, number[]>} */
  #chosen = new Map();

  /** @param {HTMLElement} place @param {string} room @param {import("./line.js").RoomLine} line @param {import("../texts.js").Texts} text */
  constructor(place, room, line, text) {
    this.place = place;
    this.room = room;
    this.line = line;
    this.text = text;
    this.say = sayer(this.#find("[data-vote-problem]"), text);
    this.#panels();
    mountAsking(/** @type {HTMLFormElement} */ (this.#find("[data-asking]")), line, text, (question, words) => {
      keepText(room, question, words);
      this.#show(line.floor);
    });
    this.#find("[data-clap]").addEventListener("click", () => this.#clap());
    this.#find("[data-hand]").addEventListener("click", () => void this.#hand());
    mountReport(place, line, text);
    line.on("changed", (floor) => this.#show(floor));
    line.on("welcome", () => (place.hidden = false));
  }

  /** @param {string} selector @returns {HTMLElement} */
  #find(selector) {
    return /** @type {HTMLElement} */ (must(this.place.querySelector(selector)));
  }

  /** Each of the first two buttons opens its part under it, and closes the other. */
  #panels() {
    const openers = /** @type {NodeListOf<HTMLElement>} */ (this.place.querySelectorAll("[aria-controls]"));
    for (const opener of openers) {
      opener.addEventListener("click", () => {
        const isOpen = opener.getAttribute("aria-expanded") === "true";
        for (const one of openers) this.#panel(one, one === opener && !isOpen);
        if (!isOpen) this.#find(`#${opener.getAttribute("aria-controls")}`).querySelector("textarea")?.focus();
      });
    }
  }

  /** @param {HTMLElement} opener @param {boolean} isOpen */
  #panel(opener, isOpen) {
    opener.setAttribute("aria-expanded", String(isOpen));
    this.#find(`#${opener.getAttribute("aria-controls")}`).hidden = !isOpen;
  }

  #clap() {
    const clap = this.#find("[data-clap]");
    if (clap.hasAttribute("data-resting")) return;
    this.line.react("clap");
    clap.setAttribute("data-resting", "");
    put(this.#find("[data-clap-words]"), this.text("clapped"));
    setTimeout(() => {
      clap.removeAttribute("data-resting");
      put(this.#find("[data-clap-words]"), this.text("clap"));
    }, CLAP_MS);
  }

  async #hand() {
    const code = await this.say(this.line.do("raise_hand", { is_on: !this.line.floor.is_hand_up }));
    if (code) this.#show(this.line.floor);
  }

  /** @param {Floor} floor */
  #show(floor) {
    const why = silence(floor, this.line.me?.part ?? "");
    const silent = this.#find("[data-silent]");
    put(silent, why && this.text(why));
    silent.hidden = !why;
    const isOff = floor.phase === "lobby" || floor.phase === "paused";
    const isOver = floor.phase === "ended";
    put(this.#find("[data-phase-words]"), isOff ? this.text(`now_${floor.phase}`) : isOver ? this.text("session_over") : "");
    for (const one of ["[data-buttons]", "[data-report-part]"]) this.#find(one).hidden = isOver;
    const hand = this.#find("[data-hand]");
    hand.setAttribute("aria-pressed", String(floor.is_hand_up));
    put(hand, this.text(floor.is_hand_up ? "handUp" : "raiseHand"));
    this.#showStaged(staged(floor));
    this.#showOwn(floor);
    this.#showWanted(floor);
    this.#showPoll(floor);
  }

  /** @param {Question | null} question */
  #showStaged(question) {
    this.#find("[data-staged]").hidden = !question;
    if (!question) return;
    put(this.#find("[data-staged-text]"), question.text);
    put(this.#find("[data-staged-by]"), classWords(this.text, question));
  }

  /** @param {Floor} floor */
  #showOwn(floor) {
    const own = [...floor.own.values()];
    const texts = ownTexts(this.room);
    this.#find("[data-own-part]").hidden = !own.length;
    showList(
      this.#find("[data-own]"), own.reverse(), ({ id }) => id, (one) => [one, texts[one.id]],
      (one) => make("li", { "data-state": one.state },
        make("p", {}, texts[one.id] ?? this.text("yourQuestion")), make("p", { class: "talk-where" }, this.text(whereIs(one)))),
    );
  }

  /** @param {Floor} floor */
  #showWanted(floor) {
    const questions = wanted(floor);
    this.#find("[data-none-wanted]").hidden = questions.length > 0;
    showList(
      this.#find("[data-wanted]"), questions, ({ id }) => id, (one) => [one, floor.upvoted.has(one.id)],
      (one) => this.#wantedLine(one, floor.upvoted.has(one.id)),
    );
  }

  /** @param {Question} one @param {boolean} isMine */
  #wantedLine(one, isMine) {
    const want = button("want", this.text("wantToo"), () => this.#want(one.id, !isMine), isMine ? "sea" : "outlined", one.text);
    want.setAttribute("aria-pressed", String(isMine));
    const by = `${classWords(this.text, one)} · ${this.text(one.votes === 1 ? "oneWants" : "manyWant", { num: one.votes })}`;
    return make("li", {}, make("p", {}, one.text), make("p", { class: "quiet" }, by), want);
  }

  /** @param {string} question @param {boolean} isOn */
  async #want(question, isOn) {
    if (await this.say(this.line.do("upvote", { question, is_on: isOn }))) return;
    this.line.floor.upvoted[isOn ? "add" : "delete"](question);
    this.#show(this.line.floor);
  }

  /** @param {Floor} floor */
  #showPoll(floor) {
    const poll = pollNow(floor);
    const result = poll ? floor.results.get(poll.id) : undefined;
    put(this.#find("[data-vote-words]"), this.text(poll?.is_open ? "voteNow" : "vote"));
    showList(
      this.#find("[data-poll]"), poll ? [poll] : [], ({ id }) => id,
      (one) => [one, floor.voted.has(one.id), this.#chosen.get(one.id), one.is_shown ? result : null], (one) => this.#pollLine(one, floor),
    );
  }

  /** @param {import("./floor.js").Poll} poll @param {Floor} floor */
  #pollLine(poll, floor) {
    const has = floor.voted.has(poll.id);
    const line = make("li", {}, make("h3", {}, poll.text));
    if (poll.is_shown) line.append(make("ul", { class: "talk-bars" }, ...pollBars(this.text, poll, floor.results.get(poll.id))));
    if (poll.is_open) line.append(this.#ballot(poll, has));
    return line;
  }

  /** @param {import("./floor.js").Poll} poll @param {boolean} has */
  #ballot(poll, has) {
    const kind = poll.is_multiple ? "checkbox" : "radio";
    const choices = poll.choices.map((choice, at) =>
      make("div", { class: "choice" },
        make("input", { id: `choice-${at}`, type: kind, name: "choice", value: at, checked: this.#chosen.get(poll.id)?.includes(at) }), make("label", { for: `choice-${at}` }, choice)));
    const legend = make("legend", { class: poll.is_multiple ? "quiet" : "for-readers" }, this.text(poll.is_multiple ? "chooseMore" : "chooseOne"));
    const form = make("form", {}, make("fieldset", { class: "choices" }, legend, ...choices),
      make("button", { class: "button button-sea", type: "submit", "data-act": "send" }, this.text(has ? "changeVote" : "sendVote")));
    if (has) form.append(make("p", { class: "talk-where" }, this.text("hasVoted")));
    form.addEventListener("submit", (event) => (event.preventDefault(), void this.#vote(poll.id, new FormData(form))));
    return form;
  }

  /** @param {string} poll @param {FormData} form */
  async #vote(poll, form) {
    const choices = form.getAll("choice").map(Number);
    if (!choices.length || this.#isVoting) return;
    this.#isVoting = true;
    const code = await this.say(this.line.do("vote", { poll, choices }));
    this.#isVoting = false;
    if (code) return;
    this.#chosen.set(poll, choices);
    this.line.floor.voted.add(poll);
    this.#show(this.line.floor);
  }
}
