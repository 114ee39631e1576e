/** The place where a film is dropped or chosen: says what happens to it, in words and on one bar. */

import { reloadWhenAnswered } from "../answered.js";
import { must } from "../elements.js";
import { readTexts } from "../texts.js";
import { findKept, removeKept } from "./kept.js";
import { refusal } from "./kinds.js";
import { Pace, size, spoken } from "./pace.js";
import { Sending } from "./sending.js";

/** A screen reader hears the share in steps of so many percent. */
const SAID_EVERY = 10;
const LANGUAGE = document.documentElement.lang;

class Place {
  /** @type {Sending | null} */
  #sending = null;
  /** @type {import("./kept.js").Kept | null} */
  #kept = null;
  #pace = new Pace();
  #share = 0;
  #saidShare = 0;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.text = readTexts(root);
    this.tour = root.dataset.tour ?? "";
    this.maxBytes = Number(root.dataset.maxBytes);
    this.choose = /** @type {HTMLInputElement} */ (this.#part("choose"));
    this.bar = /** @type {HTMLProgressElement} */ (must(root.querySelector("progress")));
    this.words = this.#part("words");
    this.pause = /** @type {HTMLButtonElement} */ (this.#part("pause"));
    this.choose.addEventListener("change", () => this.#take(this.choose.files?.[0]));
    this.pause.addEventListener("click", () => this.#pauseOrGoOn());
    this.#part("cancel").addEventListener("click", () => this.#cancel());
    this.#part("remove").addEventListener("click", () => this.#removeKept());
    this.#welcomeDrops();
    root.dataset.mounted = "";
    // a film that was chosen before this script had come in
    if (this.choose.files?.length) this.#take(this.choose.files[0]);
    else void this.#offerToGoOn();
  }

  /** @param {string} name @returns {HTMLElement} */
  #part(name) {
    return /** @type {HTMLElement} */ (must(this.root.querySelector(`[data-${name}]`)));
  }

  #welcomeDrops() {
    const area = this.#part("area");
    area.addEventListener("dragover", (event) => {
      event.preventDefault();
      area.classList.add("is-over");
    });
    area.addEventListener("dragleave", () => area.classList.remove("is-over"));
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      area.classList.remove("is-over");
      const files = event.dataTransfer?.files;
      if (files && files.length > 1) this.#problem(this.text("one_film"));
      else this.#take(files?.[0]);
    });
    // a film dropped beside the area would make the browser leave the page and open it
    for (const name of /** @type {const} */ (["dragover", "drop"])) {
      addEventListener(name, (event) => event.preventDefault());
    }
  }

  async #offerToGoOn() {
    let found;
    try {
      found = await findKept(this.tour);
    } catch {
      return; // without an answer nobody knows; choosing the file finds out
    }
    if (this.#sending) return;
    this.#kept = found.kept;
    if (found.expired) this.#problem(this.text("expired", { name: found.expired }));
    if (!this.#kept) return;
    const share = Math.floor(this.#kept.share * 100);
    this.#part("kept-words").textContent = this.text("kept", { name: this.#kept.name, share });
    this.#part("kept").hidden = false;
  }

  /** @param {File | undefined} file */
  #take(file) {
    this.choose.value = "";
    if (!file || this.#sending) return;
    const why = refusal(file, this.maxBytes);
    if (why) {
      this.#problem(this.text(why.code, this.#values(why.values)));
      return;
    }
    if (this.#kept && !isSame(this.#kept.before, file)) {
      this.#problem(this.text("other_file", { name: file.name, kept: this.#kept.name }));
      return;
    }
    this.#begin(file);
  }

  /** @param {Record<string, string | number>} values */
  #values(values) {
    const said = { ...values };
    if (typeof said.found === "string") said.found = this.text(`found_${said.found}`);
    for (const name of ["size", "limit"]) {
      if (typeof said[name] === "number") said[name] = size(said[name], LANGUAGE);
    }
    return said;
  }

  /** @param {File} file */
  #begin(file) {
    const sending = new Sending(file, { tour: this.tour, endpoint: this.root.dataset.endpoint ?? "" });
    this.#sending = sending;
    sending.on("progress", ({ sent, total }) => this.#progress(sent, total));
    sending.on("waiting", () => this.#waiting());
    sending.on("failed", (why) => void this.#failed(why));
    sending.on("done", () => this.#done());
    this.#problem("");
    this.#part("area").hidden = true;
    this.#part("kept").hidden = true;
    this.#part("sending").hidden = false;
    this.#share = this.#kept?.share ?? 0;
    this.#saidShare = this.#percent() - (this.#percent() % SAID_EVERY);
    this.#kept = null;
    this.#tell(this.text("starting", { name: file.name }));
    this.#say(this.text("starting", { name: file.name }));
    this.pause.focus();
    void sending.start();
  }

  /** @param {number} sent @param {number} total */
  #progress(sent, total) {
    if (this.pause.dataset.state === "paused") return;
    this.#share = total ? sent / total : 1;
    this.#pace.note(performance.now(), sent);
    this.bar.value = this.#share;
    const left = this.#pace.secondsLeft(total);
    const values = {
      share: this.#percent(), sent: size(sent, LANGUAGE), total: size(total, LANGUAGE),
      name: this.#sending?.file.name ?? "",
    };
    const words = this.text("sent", values);
    this.#tell(left === null ? words : `${words} ${this.text("left", { time: spoken(left, this.text) })}`);
    this.#sayStep(left);
  }

  /** @param {number | null} left */
  #sayStep(left) {
    const share = this.#percent();
    if (share < this.#saidShare + SAID_EVERY) return;
    this.#saidShare = share - (share % SAID_EVERY);
    const time = left === null ? "" : ` ${this.text("left", { time: spoken(left, this.text) })}`;
    this.#say(this.text("share", { share }) + time);
  }

  #percent() {
    return Math.floor(this.#share * 100);
  }

  async #pauseOrGoOn() {
    const sending = this.#sending;
    if (!sending) return;
    if (this.pause.dataset.state) {
      this.#setPause("");
      this.#problem("");
      this.#tell(this.text("going_on", { share: this.#percent() }));
      await sending.start();
      return;
    }
    this.#setPause("paused");
    this.#pace.forget();
    const words = this.text("paused", { share: this.#percent() });
    this.#tell(words);
    this.#say(words);
    await sending.pause();
  }

  /** @param {"" | "paused"} state */
  #setPause(state) {
    this.pause.dataset.state = state;
    this.pause.textContent = this.text(state ? "go_on" : "pause");
  }

  /** No share: what had left this device is not all there. */
  #waiting() {
    this.#pace.forget();
    const words = this.text("waiting");
    this.#tell(words);
    this.#say(words);
  }

  /** @param {{ status: number, message: string }} why */
  async #failed({ status, message }) {
    const words = status === 401 ? this.text("signed_out") : message || this.text("failed");
    const share = await this.#keptShare();
    this.#problem(share > 0 ? `${words} ${this.text("is_kept", { share })}` : words);
    if (share > 0) {
      this.#setPause("paused");
      this.#tell(this.text("paused", { share }));
    } else {
      this.#backToStart();
    }
  }

  /** In percent: what the server has, which may be less than what had left; else the latter. */
  async #keptShare() {
    try {
      this.#share = (await findKept(this.tour)).kept?.share ?? 0;
    } catch {
      // signed out, or no answer: it is there all the same
    }
    return this.#percent();
  }

  async #cancel() {
    if (!confirm(this.text("sure"))) return;
    await this.#sending?.cancel().catch(() => {
      // what could not be removed now goes when its time is over
    });
    this.#backToStart();
    this.#say(this.text("cancelled"));
  }

  async #removeKept() {
    if (!this.#kept || !confirm(this.text("sure"))) return;
    await removeKept(this.#kept);
    this.#kept = null;
    this.#part("kept").hidden = true;
    this.choose.focus();
    this.#say(this.text("cancelled"));
  }

  #backToStart() {
    this.#sending = null;
    this.#share = 0;
    this.#pace.forget();
    this.#setPause("");
    this.bar.value = 0;
    this.#part("sending").hidden = true;
    this.#part("kept").hidden = true;
    this.#part("area").hidden = false;
    this.choose.focus();
  }

  #done() {
    this.bar.value = 1;
    this.#part("controls").hidden = true;
    this.#tell(this.text("done"));
    this.#say(this.text("done"));
    // the page itself knows how the making goes on
    void reloadWhenAnswered(() => {
      this.#tell(this.text("done_waiting"));
      this.#say(this.text("done_waiting"));
    });
  }

  /** @param {string} words */
  #tell(words) {
    if (this.words.textContent !== words) this.words.textContent = words;
  }

  /** Only screen readers hear it. @param {string} words */
  #say(words) {
    this.#part("said").textContent = words;
  }

  /** @param {string} words Empty: there is none. */
  #problem(words) {
    const place = this.#part("problem");
    this.#part("problem-words").textContent = words;
    place.hidden = words === "";
  }
}

/** @param {import("tus-js-client").PreviousUpload} before @param {File} file */
function isSame(before, file) {
  return before.metadata.filename === file.name && before.size === file.size;
}

for (const root of document.querySelectorAll("[data-upload]")) {
  new Place(/** @type {HTMLElement} */ (root));
}
