/**
 * The classroom screen: code and QR until the class is in, then the film, then one question. The first press
 * declares the headcount, tests and unlocks the sound, fills the screen and keeps it awake.
 */

import { must } from "../elements.js";
import { fill } from "../texts.js";
import { playerOf } from "../player/start.js";
import { Beats } from "./beats.js";
import { showClock } from "./clock.js";
import { Headcount } from "./headcount.js";
import { testSound } from "./sound.js";
import { stayAwake } from "./wake.js";
import { chosenChapters, tell, wordsOf } from "./words.js";

// Until the headcount has arrived it is told again.
const AGAIN_MS = 5000;

/** @typedef {"join" | "film" | "end" | "over"} Part */

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-beamer]")));
const session = root.dataset.beamer ?? "";
const words = wordsOf(root);
const atStart = new Headcount(root.querySelector("[data-start]"));
const atEnd = new Headcount(root.querySelector("[data-confirm]"));
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

/** @param {number} pupils */
async function declare(pupils) {
  if (await tell(`/sessions/${session}/declare`, { pupils })) return;
  setTimeout(() => void declare(pupils), AGAIN_MS);
}

/** @param {number} pupils */
async function begin(pupils) {
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
  atEnd.suggest(atStart.pupils);
  show("end");
  atEnd.button.focus();
  beats.now();
}

/** @param {number} pupils */
async function confirmCount(pupils) {
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

atStart.whenTold(
  (pupils) => void begin(pupils),
  () => note(words.number ?? ""),
);
atEnd.whenTold((pupils) => void confirmCount(pupils));
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
showClock(root);
