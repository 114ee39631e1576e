/** The report button: tells the safeguarding officer that something is wrong; fixed choices, no text. */

import { must } from "../elements.js";
import { sayer } from "./parts.js";

/** @param {Element} root with a [data-report] form @param {import("./line.js").RoomLine} line @param {import("../texts.js").Texts} text */
export function mountReport(root, line, text) {
  const form = /** @type {HTMLFormElement} */ (must(root.querySelector("[data-report]")));
  const say = sayer(/** @type {HTMLElement} */ (must(form.querySelector("[data-problem]"))), text);
  const done = must(form.querySelector("[data-reported]"));
  let isOnItsWay = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isOnItsWay) return;
    isOnItsWay = true;
    done.textContent = "";
    const said = new FormData(form);
    void say(line.do("report", { about: said.get("about"), concern: said.get("concern") })).then((code) => {
      isOnItsWay = false;
      if (!code) done.textContent = text("reported");
    });
  });
}
