/** The level of the microphone on the page, and what is wrong with it in a word. */

import { Listening, speechLevel } from "./noise.js";

/** @typedef {import("./noise.js").Verdict} Verdict */

const EVERY_MS = 60;
const FFT = 2048;
// Below this a bar shows nothing.
const QUIETEST_DB = -60;

export class Meter {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {AnalyserNode | null} */
  #analyser = null;
  #listening = new Listening();
  #wave = new Float32Array(FFT);
  #spectrum = new Float32Array(FFT / 2);

  /** @param {HTMLMeterElement} bar @param {(verdict: Verdict) => void} told */
  constructor(bar, told) {
    this.bar = bar;
    this.told = told;
    setInterval(() => this.#look(), EVERY_MS);
    // A browser lets sound be measured only after a press.
    addEventListener("pointerdown", () => void this.#context?.resume());
  }

  /** @param {MediaStreamTrack | null} track the microphone's, null for none */
  listen(track) {
    this.#source?.disconnect();
    this.#source = null;
    this.#listening.forget();
    this.told("");
    this.bar.value = 0;
    if (!track) return;
    const context = (this.#context ??= new AudioContext());
    this.#analyser ??= new AnalyserNode(context, { fftSize: FFT, smoothingTimeConstant: 0 });
    this.#source = context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
    void context.resume();
  }

  #look() {
    if (!this.#source || !this.#analyser || this.#context?.state !== "running") return;
    this.#analyser.getFloatTimeDomainData(this.#wave);
    this.#analyser.getFloatFrequencyData(this.#spectrum);
    const { loudness_db, peak } = measured(this.#wave);
    this.bar.value = Math.min(1, Math.max(0, 1 - loudness_db / QUIETEST_DB));
    const speech_db = speechLevel(this.#spectrum, this.#context.sampleRate);
    this.told(this.#listening.put({ at: performance.now(), speech_db, peak }));
  }
}

/** @param {Float32Array} wave */
function measured(wave) {
  let [power, peak] = [0, 0];
  for (const value of wave) {
    power += value * value;
    peak = Math.max(peak, Math.abs(value));
  }
  return { loudness_db: 10 * Math.log10(power / wave.length || 1e-12), peak };
}
