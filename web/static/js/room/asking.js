/** A form with one question: it is cleared once the question is kept, and keeps what was typed until then. */

import { must } from "../elements.js";
import { newUuid } from "../uuid.js";
import { sayer } from "./parts.js";

/**
 * @param {HTMLFormElement} form @param {import("./line.js").RoomLine} line @param {import("../texts.js").Texts} text
 * @param {(question: string, words: string) => void} kept
 */
export function mountAsking(form, line, text, kept) {
  const field = /** @type {HTMLTextAreaElement} */ (must(form.querySelector("textarea")));
  const problem = /** @type {HTMLElement} */ (must(form.querySelector("[data-problem]")));
  const say = sayer(problem, text);
  let name = newUuid();
  let isOnItsWay = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = field.value.replace(/\s+/g, " ").trim();
    if (!words || isOnItsWay) return void field.focus();
    isOnItsWay = true;
    const question = name;
    const part = new FormData(form).get("part");
    void say(line.do("ask", { question, text: words, ...(part ? { part } : {}) })).then((code) => {
      isOnItsWay = false;
      if (code) return;
      name = newUuid();
      if (field.value.replace(/\s+/g, " ").trim() === words) field.value = "";
      kept(question, words);
    });
  });
}
