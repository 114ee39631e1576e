/** Two seconds of a soft chord, so that a class hears before the film whether the loudspeakers are on. */

const LENGTH_S = 2;
// A fifth, low enough to be pleasant from ceiling speakers.
const TONES_HZ = [220, 330];
const LOUDNESS = 0.2;
const UNLOCK_MS = 1000;

/** Call it from a press: this also unlocks the sound of the film. @returns {Promise<void>} */
export async function testSound() {
  try {
    const context = new AudioContext();
    // A PC without any sound device never answers.
    await Promise.race([context.resume(), pause(UNLOCK_MS)]);
    for (const tone of TONES_HZ) play(context, tone);
    await pause(LENGTH_S * 1000);
    void context.close();
  } catch {
    // No sound device at all: the film then says so by its silence.
  }
}

/** @param {AudioContext} context @param {number} tone */
function play(context, tone) {
  const voice = new OscillatorNode(context, { frequency: tone });
  const volume = new GainNode(context, { gain: 0 });
  const now = context.currentTime;
  volume.gain.linearRampToValueAtTime(LOUDNESS, now + 0.2);
  volume.gain.setValueAtTime(LOUDNESS, now + LENGTH_S - 0.4);
  volume.gain.linearRampToValueAtTime(0, now + LENGTH_S);
  voice.connect(volume).connect(context.destination);
  voice.start(now);
  voice.stop(now + LENGTH_S);
}

/** @param {number} ms @returns {Promise<void>} */
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
