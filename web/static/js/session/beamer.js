/**
 * The classroom screen: code and QR until the class is in, then the film, then one question. The first press
 * declares the headcount, tests and unlocks the sound, fills the screen and keeps it awake.
 */

import { must } from "../elements.js";
import { fill } from "../texts.js";
import { playerOf } from "../player/start.js";
import { Beats } from "./beats.js";
import { testSound } from "./sound.js";
import { stayAwake } from "./wake.js";
import { chosenChapters, tell, wordsOf } from "./words.js";

// Until the headcount has arrived it is told again.
const AGAIN_MS = 5000;
const CLOCK_MS = 1000;

/** @typedef {"join" | "film" | "end" | "over"} Part */

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-beamer]")));
const session = root.dataset.beamer ?? "";
const words = wordsOf(root);
const startForm = /** @type {HTMLFormElement} */ (must(root.querySelector("[data-start]")));
const endForm = /** @type {HTMLFormElement} */ (must(root.querySelector("[data-confirm]")));
const beats = new Beats(session);
let letSleep = () => {};

const player = await playerOf(root.querySelector(".player"));
player.playChapters(chosenChapters(root));
player.position = Number(root.dataset.positionMs) / 1000;

/** @param {Part} part */
function show(part) {
  for (const section of root.querySelectorAll("[data-part]")) {
    /** @type {HTMLElement} */ (section).hidden = /** @type {HTMLElement} */ (section).dataset.part !== part;
  }
  root.classList.toggle("beamer-watching", part === "film");
}

/** @param {string} text */
function note(text) {
  for (const place of root.querySelectorAll("[data-note]")) place.textContent = text;
}

/** @param {HTMLFormElement} form */
const fieldOf = (form) => /** @type {HTMLInputElement} */ (must(form.querySelector("input")));

/** @param {HTMLFormElement} form @returns {number | null} */
function pupilsIn(form) {
  const typed = fieldOf(form).value.trim();
  return /^\d{1,3}$/.test(typed) ? Number(typed) : null;
}

/** The button says the number: "Start: 28 pupils". @param {HTMLFormElement} form */
function nameButton(form) {
  const button = /** @type {HTMLElement} */ (must(form.querySelector("button")));
  const pupils = pupilsIn(form);
  button.textContent =
    pupils === null ? (button.dataset.noWords ?? "") : fill(button.dataset.words ?? "", { pupils });
}

/** @param {number} pupils */
async function declare(pupils) {
  if (await tell(`/sessions/${session}/declare`, { pupils })) return;
  setTimeout(() => void declare(pupils), AGAIN_MS);
}

async function begin() {
  const pupils = pupilsIn(startForm);
  if (pupils === null) {
    note(words.number ?? "");
    fieldOf(startForm).focus();
    return;
  }
  void declare(pupils);
  void fillScreen();
  letSleep = stayAwake();
  note(words.sound ?? "");
  await testSound();
  note("");
  show("film");
  await player.play();
}

async function fillScreen() {
  try {
    await document.documentElement.requestFullscreen();
  } catch {
    // Refused by the browser or a policy: the page is as large as its window then.
  }
}

function askCount() {
  player.pause();
  fieldOf(endForm).value = String(pupilsIn(startForm) ?? "");
  nameButton(endForm);
  show("end");
  endForm.querySelector("button")?.focus();
  beats.now();
}

async function confirmCount() {
  const pupils = pupilsIn(endForm);
  if (pupils === null) {
    fieldOf(endForm).focus();
    return;
  }
  await beats.settle();
  const isKept = await tell(`/sessions/${session}/declare`, { pupils, is_end: true });
  if (!isKept || !(await tell(`/sessions/${session}/finish`))) {
    note(words.failed ?? "");
    return;
  }
  over();
}

/** @param {string} [text] */
function over(text) {
  beats.stop();
  player.pause();
  letSleep();
  if (text) must(root.querySelector("[data-part=over] h1")).textContent = text;
  show("over");
  if (document.fullscreenElement) void document.exitFullscreen();
}

/** @param {import("./beats.js").Told} told */
function told({ state, phones }) {
  if (state === "ended") over();
  for (const place of root.querySelectorAll("[data-phones]")) {
    const { one, many } = /** @type {HTMLElement} */ (place).dataset;
    place.textContent = fill((phones === 1 ? one : many) ?? "", { num: phones });
  }
}

function tick() {
  const clock = root.querySelector("[data-clock]");
  const now = new Date();
  const time = [now.getHours(), now.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
  if (clock && clock.textContent !== time) clock.textContent = time;
}

for (const form of [startForm, endForm]) {
  fieldOf(form).addEventListener("input", () => nameButton(form));
  nameButton(form);
}
startForm.addEventListener("submit", (event) => (event.preventDefault(), void begin()));
endForm.addEventListener("submit", (event) => (event.preventDefault(), void confirmCount()));
root.querySelector("[data-done]")?.addEventListener("click", askCount);
root.querySelector("[data-back]")?.addEventListener("click", () => (show("film"), void player.play()));
player.on("ended", askCount);
for (const change of /** @type {const} */ (["play", "pause", "seek"])) player.on(change, () => beats.now());
beats.on("told", told);
beats.on("online", (isOnline) => note(isOnline ? "" : (words.offline ?? "")));
beats.on("gone", () => over(words.taken));
beats.watch(player);
if (root.dataset.state === "ended") {
  over();
  void beats.sendLeft();
} else void beats.start();
tick();
setInterval(tick, CLOCK_MS);
