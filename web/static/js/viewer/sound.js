/**
 * The voices of the stage. Browsers play no sound before somebody pressed something: then a button asks for it.
 */

import { Signals } from "../signals.js";
import { SLOTS } from "../stage/watch.js";

/** blocked: the browser waits for a press · change: sound on or off. @typedef {{blocked: boolean, change: boolean}} SoundEvents */

/** @extends {Signals<SoundEvents>} */
export class Sound extends Signals {
  #voices = Array.from({ length: SLOTS }, () => new Audio());
  #isOn = true;
  #isBlocked = false;
  /** @type {number[]} */
  #hushed = [];

  /** A viewer of this page hears the stage. */
  get isAudible() {
    return this.#isOn && !this.#isBlocked;
  }

  get isOn() {
    return this.#isOn;
  }

  get isBlocked() {
    return this.#isBlocked;
  }

  /** @param {MediaStreamTrack[]} tracks by slot */
  take(tracks) {
    tracks.forEach((track, slot) => {
      const voice = this.#voices[slot];
      if (voice) voice.srcObject = new MediaStream([track]);
    });
    void this.play();
  }

  /** Call it from a press when it was blocked. */
  async play() {
    const outcomes = await Promise.allSettled(this.#voices.filter((voice) => voice.srcObject).map(started));
    const isBlocked = outcomes.some((one) => one.status === "rejected" && one.reason?.name === "NotAllowedError");
    if (isBlocked === this.#isBlocked) return;
    this.#isBlocked = isBlocked;
    this.send("blocked", isBlocked);
  }

  /** Voices that come from this very room are not heard in it. @param {number[]} slots */
  hush(slots) {
    this.#hushed = slots;
    this.#voices.forEach((voice, slot) => (voice.muted = !this.#isOn || slots.includes(slot)));
  }

  /** @param {boolean} isOn */
  turn(isOn) {
    this.#isOn = isOn;
    this.hush(this.#hushed);
    if (isOn) void this.play();
    this.send("change", isOn);
  }
}

// A voice that has not come yet starts by itself when it comes; a refusal is told at once.
const REFUSAL_MS = 300;

/** @param {HTMLAudioElement} voice */
function started(voice) {
  return Promise.race([voice.play(), new Promise((done) => setTimeout(done, REFUSAL_MS))]);
}
