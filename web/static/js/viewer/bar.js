/** The few buttons of the stage, and the same by key: m sound, p the other picture large, f full screen. */

import { make, must } from "../elements.js";
import { button, rename } from "../player/button.js";
import { fullscreenButton, toggleFullscreen } from "./fullscreen.js";

// Then the buttons leave the picture alone.
const STILL_MS = 3000;

/**
 * @param {HTMLElement} stage @param {import("../texts.js").Texts} text
 * @param {import("./sound.js").Sound} sound @param {import("./pictures.js").Pictures} pictures
 */
export function mountBar(stage, text, sound, pictures) {
  const turn = button("turn", text("turn"), () => pictures.turn(), { "aria-keyshortcuts": "p", "data-turn": true, hidden: true });
  must(stage.querySelector("[data-bar]")).append(soundButton(text, sound), turn, fullscreenButton(stage, text));
  must(stage.querySelector(".stage-frame")).append(soundAsked(text, sound));
  mountKeys(stage, sound, pictures);
  mountQuiet(stage);
}

/** @param {import("../texts.js").Texts} text @param {import("./sound.js").Sound} sound */
function soundButton(text, sound) {
  const made = button("sound", text("soundOff"), () => press(sound), { "aria-keyshortcuts": "m" });
  const show = () => {
    const isHeard = sound.isAudible;
    rename(made, isHeard ? "sound" : "mute", text(isHeard ? "soundOff" : "soundOn"));
  };
  sound.on("change", show);
  sound.on("blocked", show);
  return made;
}

/** A browser that blocks sound waits for a press: one large button over the picture.
 * @param {import("../texts.js").Texts} text @param {import("./sound.js").Sound} sound */
function soundAsked(text, sound) {
  const made = make("button", { type: "button", class: "button button-next stage-sound", hidden: true }, text("soundOn"));
  made.addEventListener("click", () => void sound.play());
  sound.on("blocked", (isBlocked) => (made.hidden = !isBlocked));
  return made;
}

/** @param {import("./sound.js").Sound} sound */
function press(sound) {
  if (sound.isOn && sound.isBlocked) void sound.play();
  else sound.turn(!sound.isOn);
}

/** @param {HTMLElement} stage @param {import("./sound.js").Sound} sound @param {import("./pictures.js").Pictures} pictures */
function mountKeys(stage, sound, pictures) {
  /** @type {Record<string, () => void>} */
  const keys = { m: () => press(sound), p: () => pictures.turn(), f: () => void toggleFullscreen(stage) };
  stage.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    const act = keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** @param {HTMLElement} stage */
function mountQuiet(stage) {
  let timer = 0;
  const rest = () => {
    const isBusy = stage.querySelector(".stage-bar :focus-visible") !== null;
    if (isBusy) timer = setTimeout(rest, STILL_MS);
    else stage.dataset.quiet = "";
  };
  const wake = () => {
    delete stage.dataset.quiet;
    clearTimeout(timer);
    timer = setTimeout(rest, STILL_MS);
  };
  for (const name of ["pointermove", "pointerdown", "keydown", "focusin"]) stage.addEventListener(name, wake);
  wake();
}
