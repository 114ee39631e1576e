/**
 * The classroom screen in a live room: code and QR until the class is in, then the stage, then one question. The
 * first press declares the headcount, tests and unlocks the sound, fills the screen and keeps it awake.
 */

import { must } from "../elements.js";
import { mountCaptions } from "../room/captions.js";
import { RoomLine } from "../room/line.js";
import { mountScreen } from "../room/screen.js";
import { showClock } from "../session/clock.js";
import { Headcount } from "../session/headcount.js";
import { testSound } from "../session/sound.js";
import { stayAwake } from "../session/wake.js";
import { tell } from "../session/words.js";
import { ClassStage } from "./class_stage.js";
import { Room } from "./room.js";

// Until the headcount has arrived it is told again.
const AGAIN_MS = 5000;

/** @typedef {"join" | "stage" | "end" | "over"} Part */

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-room]")));
const atStart = new Headcount(root.querySelector("[data-start]"));
const atEnd = new Headcount(root.querySelector("[data-confirm]"));
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

/** @param {number} pupils @param {boolean} isEnd @returns {Promise<boolean>} */
const declare = (pupils, isEnd) =>
  declareUrl ? tell(declareUrl, { pupils, is_end: isEnd }) : Promise.resolve(true);

/** @param {number} pupils */
async function keepDeclaring(pupils) {
  if (!(await declare(pupils, false))) setTimeout(() => void keepDeclaring(pupils), AGAIN_MS);
}

/** @param {number} pupils */
async function begin(pupils) {
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
  atEnd.suggest(atStart.pupils);
  show("end");
  atEnd.button.focus();
}

/** @param {number} pupils */
async function confirmCount(pupils) {
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

atStart.whenTold(
  (pupils) => void begin(pupils),
  () => room.note(text("number")),
);
atEnd.whenTold((pupils) => void confirmCount(pupils));
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
showClock(root);
