/**
 * A phone in a lesson: beside the screen it follows the chapter and the words; where there is no screen, or
 * "watch here" was chosen, it plays. When its place changes, the page is loaded anew.
 */

import { must } from "../elements.js";
import { chapterAt, readChapters } from "../player/chapters.js";
import { playerOf } from "../player/start.js";
import { clock } from "../player/timecode.js";
import { fetchCues, lastCueAt } from "../player/webvtt.js";
import { Beats } from "./beats.js";
import { stayAwake } from "./wake.js";
import { chosenChapters, wordsOf } from "./words.js";

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-phone]")));
const words = wordsOf(root);
const beats = new Beats(root.dataset.phone ?? "");

/** What decides how this page looks, as the page was made. */
const made = { ...root.dataset };

/** @param {import("./beats.js").Told} told */
function isAnother(told) {
  const was = [made.kind, made.state, made.waiting === "1", made.screen === "1"];
  const is = [told.kind, told.state, told.is_waiting, told.has_beamer];
  return was.some((value, i) => value !== is[i]);
}

/** @param {string} text */
function note(text) {
  const place = /** @type {HTMLElement | null} */ (root.querySelector("[data-note]"));
  if (!place || place.textContent === text) return;
  place.textContent = text;
  place.hidden = !text;
}

async function play() {
  const player = await playerOf(root.querySelector(".player"));
  player.playChapters(chosenChapters(root));
  beats.watch(player);
  let letSleep = () => {};
  player.on("play", () => ((letSleep = stayAwake()), beats.now()));
  player.on("pause", () => (letSleep(), beats.now()));
}

/** Follows the classroom screen. Between two answers its place is reckoned on. */
async function follow() {
  const place = root.querySelector("[data-place]");
  const chapter = root.querySelector("[data-chapter]");
  const transcript = /** @type {HTMLElement | null} */ (root.querySelector("[data-transcript]"));
  const chapters = readChapters(root, Number(root.dataset.filmS));
  const cues = transcript?.dataset.transcript ? await fetchCues(transcript.dataset.transcript).catch(() => []) : [];
  const lines = cues.map((cue) => {
    const line = document.createElement("p");
    line.textContent = cue.text;
    return line;
  });
  transcript?.replaceChildren(...lines);
  let at = 0;
  let toldAt = performance.now();
  let isPlaying = false;
  let last = -1;
  beats.on("told", (told) => {
    at = told.position_ms / 1000;
    toldAt = performance.now();
    isPlaying = told.is_playing;
  });
  setInterval(() => {
    const now = at + (isPlaying ? (performance.now() - toldAt) / 1000 : 0);
    if (place) place.textContent = clock(now);
    if (chapter) chapter.textContent = chapterAt(chapters, now)?.title ?? "";
    const current = lastCueAt(cues, now);
    if (current === last) return;
    lines[last]?.removeAttribute("aria-current");
    lines[current]?.setAttribute("aria-current", "true");
    if (transcript && lines[current]) {
      transcript.scrollTop = lines[current].offsetTop - transcript.offsetTop - transcript.clientHeight / 3;
    }
    last = current;
  }, 500);
}

let isLeaving = false;
beats.on("told", async (told) => {
  if (isLeaving || !isAnother(told)) return;
  isLeaving = true;
  await beats.drain();
  location.reload();
});
beats.on("online", (isOnline) => note(isOnline ? "" : (words.offline ?? "")));
beats.on("gone", () => note(words.left ?? ""));
if (root.querySelector(".player")) await play();
else if (root.querySelector("[data-place]")) void follow();
if (made.state === "ended") void beats.sendLeft();
else void beats.start();
