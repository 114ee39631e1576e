/** The page for a school's ICT person: each way on its own, the result in words, and a text to send on. */

import { must } from "../elements.js";
import { readTexts } from "../texts.js";
import { probe, relays } from "./probe.js";
import { reportOf, sumOf, words } from "./report.js";

/** @typedef {import("./probe.js").Probed} Probed */

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-check]")));
const text = readTexts(root);
const begin = /** @type {HTMLButtonElement} */ (must(root.querySelector("[data-begin]")));
const sum = must(root.querySelector("[data-sum]"));
const report = /** @type {HTMLElement} */ (must(root.querySelector("[data-report]")));
const field = /** @type {HTMLTextAreaElement} */ (must(root.querySelector("[data-report-words]")));
const ways = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-way]")]);

/** @param {HTMLElement} way */
const place = (way) => /** @type {HTMLElement} */ (must(way.querySelector("[data-result]")));

async function tryAll() {
  begin.disabled = true;
  report.hidden = true;
  sum.textContent = text("trying");
  for (const way of ways) put(place(way), "–", "");
  const servers = await relays();
  /** @type {Probed[]} */
  const all = [];
  for (const way of ways) {
    put(place(way), text("trying"), "");
    const probed = await probe(/** @type {import("./probe.js").Rung} */ (way.dataset.way), servers);
    all.push(probed);
    const isTried = probed.result !== "busy" && probed.result !== "unreachable";
    put(place(way), isTried ? words(probed, text) : "–", probed.result);
  }
  await tell(all);
}

/** @param {HTMLElement} line @param {string} words @param {string} result */
function put(line, words, result) {
  line.textContent = words;
  line.dataset.result = result;
}

/** @param {Probed[]} all */
async function tell(all) {
  begin.disabled = false;
  begin.textContent = text("again");
  const problem = all.find(({ result }) => result === "busy" || result === "unreachable");
  if (problem) {
    sum.textContent = text(problem.result);
    return;
  }
  const names = Object.fromEntries(ways.map((way) => [way.dataset.way, way.querySelector("h2")?.textContent ?? ""]));
  const when = new Date().toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
  field.value = reportOf(all, { when, page: location.href, browser: navigator.userAgent, names }, text);
  report.hidden = false;
  const school = await keep(all);
  sum.textContent = [text(sumOf(all)), school ? text("kept", { school }) : ""].join(" ").trim();
}

/** @param {Probed[]} all @returns {Promise<string>} the school it is kept with, "" for none */
async function keep(all) {
  const results = all.map(({ rung, result, ms }) => ({ rung, result, ms }));
  const answer = await fetch("/check/result", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ results }),
  }).catch(() => null);
  return answer?.ok ? ((await answer.json().catch(() => ({}))).school ?? "") : "";
}

async function copy() {
  field.select();
  await navigator.clipboard?.writeText(field.value).catch(() => {});
  must(root.querySelector("[data-copied]")).textContent = text("copied");
}

root.querySelector("[data-copy]")?.addEventListener("click", () => void copy());
begin.addEventListener("click", () => void tryAll());
if (typeof RTCPeerConnection === "undefined") {
  begin.disabled = true;
  sum.textContent = text("old");
}
