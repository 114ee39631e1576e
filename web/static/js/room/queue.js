/**
 * The teacher's phone: her class's questions, which nobody sees before she has passed them on; hands, the stage, and
 * hands counted in a class without phones.
 */

import { make, must } from "../elements.js";
import { mountAsking } from "./asking.js";
import { pollNow, queued, staged } from "./floor.js";
import { mountHands } from "./hands.js";
import { showList } from "./list.js";
import { button, clock, put, sayer } from "./parts.js";
import { mountReport } from "./report.js";

/** @typedef {import("./floor.js").Floor} Floor */
/** @typedef {import("./floor.js").Waiting} Waiting */
/** @typedef {import("../texts.js").Texts} Texts */

export class Queue {
  /** @param {HTMLElement} root @param {import("./line.js").RoomLine} line @param {Texts} text */
  constructor(root, line, text) {
    this.root = root;
    this.line = line;
    this.text = text;
    this.parts = [...root.querySelectorAll("[data-part]")].map((one) => /** @type {HTMLElement} */ (one));
    this.say = sayer(this.#find("[data-problem]"), text);
    const asking = /** @type {HTMLFormElement} */ (this.#find("[data-asking]"));
    mountAsking(asking, line, text, () => put(this.#find("[data-asked]"), text("askedForClass")));
    this.#find("[data-pass-all]").addEventListener("click", () => this.#passAll());
    for (const part of this.parts) this.#mountPart(part);
    mountReport(root, line, text);
    line.on("changed", (floor) => this.#show(floor));
  }

  get isModerator() {
    return this.line.me?.is_moderator ?? false;
  }

  /** @param {string} selector @returns {HTMLElement} */
  #find(selector) {
    return /** @type {HTMLElement} */ (must(this.root.querySelector(selector)));
  }

  #passAll() {
    for (const { dataset } of this.parts) void this.say(this.line.do("pass_all", { part: dataset.part }));
  }

  /** @param {HTMLElement} place */
  #mountPart(place) {
    const part = place.dataset.part ?? "";
    /** @param {string} selector @param {(input: HTMLInputElement) => object} fields @param {string} what */
    const onChange = (selector, what, fields) => {
      for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (place.querySelectorAll(selector))) {
        input.addEventListener("change", () => void this.#change(what, { part, ...fields(input) }));
      }
    };
    onChange("[data-first-check] input", "first_check", ({ value }) => ({ by: value }));
    onChange("input[data-consent]", "consent", ({ checked }) => ({ is_on: checked }));
    onChange("input[data-mute]", "mute_class", ({ checked }) => ({ is_on: checked }));
    place.querySelector("[data-cut]")?.addEventListener("click", () => void this.say(this.line.do("cut", { part })));
    place.querySelector("[data-lower]")?.addEventListener("click", () => void this.say(this.line.do("lower_hand", { part })));
    mountHands(/** @type {HTMLElement} */ (must(place.querySelector("[data-hands-form]"))), part, this.line, this.text);
  }

  /** A change that was refused is taken back. @param {string} what @param {object} fields */
  async #change(what, fields) {
    if (await this.say(this.line.do(what, fields))) this.#show(this.line.floor);
  }

  /** @param {Floor} floor */
  #show(floor) {
    const waits = queued(floor, "asked", "held");
    const aside = queued(floor, "not_now");
    put(this.#find("[data-count]"), this.text(waits.length === 1 ? "oneWaits" : "manyWait", { num: waits.length }));
    this.#find("[data-empty]").hidden = waits.length > 0;
    this.#find("[data-pass-all]").hidden = queued(floor, "asked").length < 2;
    this.#find("[data-aside-part]").hidden = !aside.length;
    this.#showStaged(floor);
    this.#list("[data-queue]", waits);
    this.#list("[data-aside]", aside);
    for (const part of this.parts) this.#showPart(part, floor);
  }

  /** Where she moderates: what is asked now, until it is answered. @param {Floor} floor */
  #showStaged(floor) {
    const now = this.isModerator ? staged(floor) : null;
    this.#find("[data-staged-part]").hidden = !now;
    const done = (/** @type {string} */ id, /** @type {string} */ text) =>
      button("answered", this.text("is_answered"), () => this.say(this.line.do("move", { question: id, to: "answered" })), "sea", text);
    showList(this.#find("[data-staged]"), now ? [now] : [], ({ id }) => id, (one) => one, ({ id, text }) =>
      make("li", { "data-state": "on_stage" }, make("p", { class: "talk-text" }, text), make("div", { class: "actions" }, done(id, text))));
  }

  /** @param {string} selector @param {Waiting[]} questions */
  #list(selector, questions) {
    showList(this.#find(selector), questions, ({ id }) => id, (one) => [one, this.isModerator], (one) => this.#line(one));
  }

  /** @param {Waiting} one */
  #line(one) {
    const line = make("li", { "data-state": one.state }, make("p", { class: "talk-text" }, one.text));
    const by = this.parts.length > 1 ? `${this.text("classOnly", { name: one.class_name })} · ${clock(one.at)}` : clock(one.at);
    line.append(make("p", { class: "quiet" }, by));
    for (const why of one.held_for) line.append(make("p", { class: "talk-held" }, this.text(`why_${why}`)));
    const acts = make("div", { class: "actions" }, ...this.#ways(one));
    line.append(acts);
    return line;
  }

  /** What she can do with a question: with one class she moderates, and one tap is enough. @param {Waiting} one */
  #ways({ id, text, state }) {
    /** @param {string} to @param {string} words @param {string} kind */
    const way = (to, words, kind) =>
      button(to, this.text(words), () => this.say(this.line.do("move", { question: id, to })), kind, text);
    const first = this.isModerator ? [way("on_stage", "putOnStage", "sea"), way("shown", "showAll", "outlined")] : [way("passed", "passOn", "sea")];
    return [...first, state === "not_now" ? way("archived", "throwAway", "plain") : way("not_now", "notNow", "outlined")];
  }

  /** @param {HTMLElement} place @param {Floor} floor */
  #showPart(place, floor) {
    const part = place.dataset.part ?? "";
    const state = floor.states.get(part);
    const here = floor.classes.find((one) => one.part === part);
    const hands = floor.hands.get(part)?.length ?? here?.hands ?? 0;
    for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (place.querySelectorAll("[data-first-check] input"))) {
      input.checked = input.value === (state?.first_check ?? "teacher");
    }
    /** @type {HTMLInputElement} */ (must(place.querySelector("input[data-consent]"))).checked = state?.has_consent ?? false;
    /** @type {HTMLInputElement} */ (must(place.querySelector("input[data-mute]"))).checked = state?.is_muted ?? false;
    this.#hide(place, "[data-on-stage]", !state?.is_on_stage);
    this.#hide(place, "[data-hands-part]", !hands);
    put(place.querySelector("[data-hands]"), this.text(hands === 1 ? "oneHand" : "manyHands", { num: hands }));
    const phones = here?.phones ?? 0;
    put(place.querySelector("[data-here]"), this.text(phones === 1 ? "onePhone" : "manyPhones", { num: phones }));
    const poll = pollNow(floor);
    this.#hide(place, "[data-hands-form]", !poll?.is_open || !here || phones > 0);
  }

  /** @param {HTMLElement} place @param {string} selector @param {boolean} isHidden */
  #hide(place, selector, isHidden) {
    /** @type {HTMLElement} */ (must(place.querySelector(selector))).hidden = isHidden;
  }
}
