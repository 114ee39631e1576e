/**
 * A captioner's page: one large line, Enter sends it. What was sent stands above; the last line can still be
 * corrected or taken back, and what was typed meanwhile comes back after it.
 */

import { make, must } from "../elements.js";
import { newUuid } from "../uuid.js";
import { put } from "./parts.js";

/** `code`: "" once it is kept, else why not; null meanwhile.
 * @typedef {{id: string, text: string, code: string | null}} Sent */

export class Captioner {
  /** Oldest first. @type {Sent[]} */
  #sent = [];
  /** The line that is being corrected. @type {Sent | null} */
  #corrects = null;
  /** What was typed before that. */
  #draft = "";

  /** @param {HTMLElement} root @param {import("./line.js").RoomLine} line @param {import("../texts.js").Texts} text */
  constructor(root, line, text) {
    this.root = root;
    this.line = line;
    this.text = text;
    this.input = /** @type {HTMLInputElement} */ (this.#find("#line"));
    this.#find("[data-typing]").addEventListener("submit", (event) => (event.preventDefault(), this.#enter()));
    this.#find("[data-correct]").addEventListener("click", () => this.#correct());
    this.#find("[data-leave]").addEventListener("click", () => this.#done());
    this.#find("[data-take-back]").addEventListener("click", () => this.#takeBack());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    line.on("changed", (floor) => this.#changed(floor));
    this.input.focus({ preventScroll: true });
  }

  /** @param {string} selector @returns {HTMLElement} */
  #find(selector) {
    return /** @type {HTMLElement} */ (must(this.root.querySelector(selector)));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "ArrowUp" && !this.#corrects) {
      event.preventDefault();
      this.#correct();
    } else if (event.key === "Escape" && this.#corrects) {
      event.preventDefault();
      this.#done();
    }
  }

  #enter() {
    const words = this.input.value.trim();
    const corrected = this.#corrects;
    if (corrected && !words) return this.#takeBack();
    if (!words) return;
    const sent = corrected ?? { id: newUuid(), text: "", code: null };
    if (!corrected) this.#sent.push(sent);
    this.input.value = "";
    void this.#send(sent, words);
    if (corrected) this.#done();
  }

  #takeBack() {
    if (this.#corrects) void this.#send(this.#corrects, "");
    this.#done();
  }

  /** @param {Sent} sent @param {string} words */
  async #send(sent, words) {
    sent.text = words;
    sent.code = null;
    this.#draw();
    const code = await this.line.do("caption", { line: sent.id, text: words });
    if (sent.text === words) sent.code = code;
    const problem = this.#find("[data-problem]");
    put(problem, code && this.text(code));
    problem.hidden = !code;
    this.#draw();
  }

  /** The last line into the field. */
  #correct() {
    const last = this.#sent.findLast(({ text }) => text);
    if (!last || this.#corrects) return;
    this.#corrects = last;
    this.#draft = this.input.value;
    this.input.value = last.text;
    this.#mode();
    this.input.setSelectionRange(last.text.length, last.text.length);
  }

  /** Back to the line she was typing. */
  #done() {
    this.#corrects = null;
    this.input.value = this.#draft;
    this.#draft = "";
    this.#mode();
  }

  #mode() {
    const corrects = this.#corrects !== null;
    put(this.#find("[data-label]"), this.text(corrects ? "typeCorrection" : "typeLine"));
    this.#find("[data-correct]").hidden = corrects;
    this.#find("[data-leave]").hidden = !corrects;
    this.#find("[data-take-back]").hidden = !corrects;
    this.root.toggleAttribute("data-corrects", corrects);
    this.#draw();
    this.input.focus();
  }

  /** @param {import("./floor.js").Floor} floor */
  #changed(floor) {
    const phase = floor.phase === "ended" ? "over" : floor.phase === "green" || floor.phase === "lobby" ? "before" : "reads";
    put(this.#find("[data-phase]"), this.text(phase));
    // A page that was loaded anew goes on from what the room has kept.
    const known = new Set(this.#sent.map(({ id }) => id));
    const kept = floor.captions.filter(({ id, text }) => text && !known.has(id));
    if (!kept.length) return;
    this.#sent = [...kept.map(({ id, text }) => ({ id, text, code: "" })), ...this.#sent];
    this.#draw();
  }

  #draw() {
    const lines = this.#sent.filter(({ text }) => text);
    const place = this.#find("[data-sent]");
    place.replaceChildren(...lines.map((sent) => this.#lineOf(sent)));
    place.scrollTop = place.scrollHeight;
    this.#find("[data-none]").hidden = lines.length > 0;
    /** @type {HTMLButtonElement} */ (this.#find("[data-correct]")).disabled = !lines.length;
  }

  /** @param {Sent} sent */
  #lineOf(sent) {
    const { text, code } = sent;
    const state = code === null ? "isOnItsWay" : code ? "isRefused" : "";
    const line = make("li", { "data-state": state || "isSent" }, text);
    if (sent === this.#corrects) line.setAttribute("aria-current", "true");
    if (state) line.append(make("span", { class: "quiet", lang: document.documentElement.lang }, ` ${this.text(state)}`));
    return line;
  }
}
