/**
 * The class on the stage, from its screen: a moderator brings it there once its teacher agreed to that for this
 * session; somebody in the room then turns the camera on. Off the stage, by whomever, camera and microphone are cut
 * at once.
 */

import { Capture } from "../broadcast/capture.js";
import { Publication } from "../broadcast/publication.js";
import { must } from "../elements.js";
import { put } from "../room/parts.js";

export class ClassStage {
  #capture = new Capture();
  /** @type {Publication | null} */
  #publication = null;
  #isOn = false;

  /** @param {HTMLElement} root @param {import("./room.js").Room} room @param {import("../room/line.js").RoomLine} line */
  constructor(root, room, line) {
    this.room = room;
    this.line = line;
    this.place = /** @type {HTMLElement} */ (must(root.querySelector("[data-class-stage]")));
    this.picture = /** @type {HTMLVideoElement} */ (must(this.place.querySelector("video")));
    this.on = this.#button("[data-camera-on]", () => void this.#open());
    this.off = this.#button("[data-camera-off]", () => this.#cut());
    this.#capture.on("tracks", () => this.#carry());
    line.on("changed", (floor) => this.#changed(floor));
  }

  /** The lesson is over for this screen. */
  stop() {
    this.#isOn = false;
    this.#cut();
    this.place.hidden = true;
  }

  /** @param {string} selector @param {() => void} press */
  #button(selector, press) {
    const found = /** @type {HTMLButtonElement} */ (must(this.place.querySelector(selector)));
    found.addEventListener("click", press);
    return found;
  }

  /** @param {import("../room/floor.js").Floor} floor */
  #changed(floor) {
    const part = this.line.me?.part ?? "";
    const isOn = floor.states.get(part)?.is_on_stage ?? false;
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    if (!isOn) this.#cut();
    this.room.own = isOn ? part : "";
    this.place.hidden = !isOn;
    this.#say("classAsked");
    if (isOn) this.on.focus({ preventScroll: true });
  }

  async #open() {
    this.on.disabled = true;
    const problem = await this.#capture.open();
    this.on.disabled = false;
    const isCut = !problem && !this.#capture.isOpen;
    if (!this.#isOn || isCut) return this.#cut(); // it was taken off meanwhile
    if (problem && problem !== "noCamera") return this.#say(`camera_${problem}`);
    this.#publication = new Publication(this.room.root.dataset.room ?? "", "camera");
    this.#carry();
    this.#publication.link.start(this.room.servers);
    this.#say(problem ? "classHeard" : "classOut");
    this.#turned(true);
  }

  #carry() {
    const { video, audio } = this.#capture;
    this.#publication?.carry({ video, audio }, this.room.servers);
    this.picture.srcObject = video ? new MediaStream([video]) : null;
    this.picture.hidden = !video;
    if (video) void this.picture.play().catch(() => {});
  }

  /** Nothing goes out from here any more, whatever the network does. */
  #cut() {
    this.#capture.cut();
    this.#publication?.stop();
    this.#publication = null;
    this.#say("classAsked");
    this.#turned(false);
  }

  /** @param {boolean} isOn */
  #turned(isOn) {
    this.on.hidden = isOn;
    this.off.hidden = !isOn;
  }

  /** @param {string} key */
  #say(key) {
    put(this.place.querySelector("[data-class-words]"), this.room.text(key));
  }
}
