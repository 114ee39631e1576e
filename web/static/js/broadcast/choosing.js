/** The lists of cameras and microphones, and what is around the presenter. */

import { make, must } from "../elements.js";
import { devices } from "./capture.js";

/** @typedef {import("./capture.js").Capture} Capture */

/**
 * @param {HTMLElement} root @param {Capture} capture @param {import("../texts.js").Texts} text
 * @param {(key: string) => void} problem told when a choice did not work; "" when it did
 */
export function mountChoosing(root, capture, text, problem) {
  const camera = select(root, "[data-camera]");
  const microphone = select(root, "[data-microphone]");
  camera.addEventListener("change", async () => problem(await capture.useCamera(camera.value)));
  microphone.addEventListener("change", async () => problem(await capture.useMicrophone(microphone.value)));
  mountSurroundings(root, capture, problem);
  const refresh = async () => {
    if (!capture.isOpen) return;
    const all = await devices();
    list(camera, all, "videoinput", text, "cameraNumber", capture.video);
    list(microphone, all, "audioinput", text, "microphoneNumber", capture.audio);
    const flip = /** @type {HTMLElement} */ (must(root.querySelector("[data-do=flip]")));
    flip.dataset.able = all.filter(({ kind }) => kind === "videoinput").length > 1 ? "yes" : "no";
    root.dispatchEvent(new Event("devices-listed"));
  };
  capture.on("devices", () => void refresh());
}

/** @param {HTMLElement} root @param {Capture} capture @param {(key: string) => void} problem */
function mountSurroundings(root, capture, problem) {
  const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[data-surroundings] input"));
  for (const input of inputs) {
    input.checked = input.value === capture.choices.surroundings;
    input.addEventListener("change", async () => {
      problem(await capture.surround(/** @type {import("./wishes.js").Surroundings} */ (input.value)));
    });
  }
}

/**
 * @param {HTMLSelectElement} place @param {MediaDeviceInfo[]} all @param {MediaDeviceKind} kind
 * @param {import("../texts.js").Texts} text @param {string} unnamed @param {MediaStreamTrack | null} track
 */
function list(place, all, kind, text, unnamed, track) {
  const found = all.filter((device) => device.kind === kind && device.deviceId);
  place.replaceChildren(
    ...found.map(({ deviceId, label }, i) => make("option", { value: deviceId }, label || text(unnamed, { number: i + 1 }))),
  );
  place.disabled = !found.length;
  const chosen = track?.getSettings().deviceId;
  if (chosen) place.value = chosen;
}

/** @param {HTMLElement} root @param {string} selector */
const select = (root, selector) => /** @type {HTMLSelectElement} */ (must(root.querySelector(selector)));
