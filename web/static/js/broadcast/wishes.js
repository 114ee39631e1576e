/** What the studio asks of camera, microphone and encoder: pure. */

/** @typedef {"quiet" | "machines" | "heard"} Surroundings */
/** @typedef {"user" | "environment"} Facing */

const WIDTH = 1280;
const HEIGHT = 720;
const FRAMES_PER_S = 30;
// A slide stands still; what moves on it moves well enough at this rate.
const SCREEN_FRAMES_PER_S = 15;

/** Three layers of one picture; the stage gives each viewer the one that fits. From small to large. */
const LAYERS = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];
const SCREEN_BITRATE = 2_500_000;

/**
 * How the browser works on the sound. Its own noise suppression runs beside the page, adds no delay and needs no
 * code of ours (our policy lets no WebAssembly in). Tried on the sound of a factory hall in Chromium 156: what is
 * heard between the words falls by 18 dB; the voice by 1 dB where machines stand further off, by 8 dB where they
 * are as loud as it is. In a quiet room a voice is fuller without it. `tests/browser/test_noise.py`.
 * @type {Record<Surroundings, {echoCancellation: boolean, noiseSuppression: boolean, autoGainControl: boolean, voiceIsolation: boolean}>}
 */
const SOUND = {
  quiet: { echoCancellation: true, noiseSuppression: false, autoGainControl: true, voiceIsolation: false },
  machines: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, voiceIsolation: true },
  heard: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, voiceIsolation: false },
};

/** @param {Surroundings} surroundings @param {string} device its id, "" for the browser's choice @returns {MediaTrackConstraints} */
export function soundWish(surroundings, device) {
  return { ...SOUND[surroundings], channelCount: 1, ...(device ? { deviceId: { ideal: device } } : {}) };
}

/** @param {string} device its id, "" for none chosen @param {Facing} facing @returns {MediaTrackConstraints} */
export function pictureWish(device, facing) {
  const size = { width: { ideal: WIDTH }, height: { ideal: HEIGHT }, frameRate: { ideal: FRAMES_PER_S, max: FRAMES_PER_S } };
  return { ...size, ...(device ? { deviceId: { exact: device } } : { facingMode: { ideal: facing } }) };
}

/** The screen, and its sound where the browser gives it. */
export function screenWish() {
  return {
    video: { width: { max: 1920 }, height: { max: 1080 }, frameRate: { max: SCREEN_FRAMES_PER_S } },
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    selfBrowserSurface: "exclude",
    surfaceSwitching: "include",
  };
}

/** @param {"camera" | "screen"} source @returns {RTCRtpEncodingParameters[]} */
export function encodings(source) {
  return source === "camera" ? LAYERS.map((layer) => ({ ...layer })) : [{ maxBitrate: SCREEN_BITRATE }];
}

/**
 * H.264 first: every school device decodes it in hardware, and a replay can be made without encoding anew.
 * Among its forms the constrained baseline with packetization mode 1.
 * @template {{mimeType: string, sdpFmtpLine?: string}} C
 * @param {C[]} codecs @returns {C[]}
 */
export function h264First(codecs) {
  const rank = (/** @type {C} */ { mimeType, sdpFmtpLine = "" }) => {
    if (mimeType.toLowerCase() !== "video/h264") return 2;
    return sdpFmtpLine.includes("packetization-mode=1") && /profile-level-id=42[ce]0/i.test(sdpFmtpLine) ? 0 : 1;
  };
  return codecs.map((codec, i) => ({ codec, i })).sort((a, b) => rank(a.codec) - rank(b.codec) || a.i - b.i).map(({ codec }) => codec);
}
