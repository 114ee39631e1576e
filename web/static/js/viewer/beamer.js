/**
 * The classroom screen in a live room: code and QR until the class is in, then the stage, then one question. The
 * first press declares the headcount, tests and unlocks the sound, fills the screen and keeps it awake.
 */

import { must } from "../elements.js";
import { mountCaptions } from "../room/captions.js";
import { RoomLine } from "../room/line.js";
import { mountScreen } from "../room/screen.js";
import { testSound } from "../session/sound.js";
import { stayAwake } from "../session/wake.js";
import { tell } from "../session/words.js";
import { fill } from "../texts.js";
import { ClassStage } from "./class_stage.js";
import { Room } from "./room.js";

// Until the headcount has arrived it is told again.
const AGAIN_MS = 5000;
const CLOCK_MS = 1000;

/** @typedef {"join" | "stage" | "end" | "over"} Part */

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-room]")));
const startForm = /** @type {HTMLFormElement} */ (must(root.querySelector("[data-start]")));
const endForm = /** @type {HTMLFormElement} */ (must(root.querySelector("[data-confirm]")));
const declareUrl = root.dataset.declare ?? "";
const room = new Room(root);
const { text } = room;
let letSleep = () => {};

/** @param {Part} part */
function show(part) {
  for (const section of root.querySelectorAll("[data-part]")) {
    /** @type {HTMLElement} */ (section).hidden = /** @type {HTMLElement} */ (section).dataset.part !== part;
  }
  root.classList.toggle("beamer-watching", part === "stage");
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

/** @param {number} pupils @param {boolean} isEnd @returns {Promise<boolean>} */
const declare = (pupils, isEnd) =>
  declareUrl ? tell(declareUrl, { pupils, is_end: isEnd }) : Promise.resolve(true);

/** @param {number} pupils */
async function keepDeclaring(pupils) {
  if (!(await declare(pupils, false))) setTimeout(() => void keepDeclaring(pupils), AGAIN_MS);
}

async function begin() {
  const pupils = pupilsIn(startForm);
  if (pupils === null) {
    room.note(text("number"));
    fieldOf(startForm).focus();
    return;
  }
  void keepDeclaring(pupils);
  void document.documentElement.requestFullscreen?.().catch(() => {});
  letSleep = stayAwake();
  room.sound.turn(true);
  room.note(text("testSound"));
  await testSound();
  room.note("");
  show("stage");
  await room.sound.play();
  room.stage?.focus({ preventScroll: true });
}

function askCount() {
  fieldOf(endForm).value = String(pupilsIn(startForm) ?? "");
  nameButton(endForm);
  show("end");
  endForm.querySelector("button")?.focus();
}

async function confirmCount() {
  const pupils = pupilsIn(endForm);
  if (pupils === null) {
    fieldOf(endForm).focus();
    return;
  }
  if (await declare(pupils, true)) over();
  else room.note(text("failed"));
}

function over() {
  classStage.stop();
  room.socket.stop();
  room.watch?.link.stop();
  letSleep();
  show("over");
  if (document.fullscreenElement) void document.exitFullscreen();
}

/** A room that closed: the question is still asked. A place that is over (another screen has the class) asks nothing.
 * @param {string} why */
function ended(why) {
  classStage.stop();
  if (why === "room_closed") return askCount();
  must(root.querySelector("[data-over-words]")).textContent = text(why);
  over();
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
root.querySelector("[data-back]")?.addEventListener("click", () => show("stage"));
room.on("closed", ended);
const line = new RoomLine(room.socket);
mountScreen(root, line, text);
mountCaptions(root, line, text);
const classStage = new ClassStage(root, room, line);
// In front of a class no sound comes before the teacher pressed: the pictures behind are ready meanwhile.
room.sound.turn(false);
room.start();
tick();
setInterval(tick, CLOCK_MS);
