/** Everything that is said, to read along; a line takes the film to its place. */

import { recall, remember } from "../device.js";
import { make } from "../elements.js";
import { button } from "./button.js";
import { clock } from "./timecode.js";
import { lastCueAt } from "./webvtt.js";

const KEY = "transcript";

/** @param {import("./player.js").Player} player */
export function transcriptButton(player) {
  const made = button("transcript", player.text("transcript"), undefined, {
    class: "player-button player-read",
  });
  const set = (/** @type {boolean} */ isOpen) => {
    made.setAttribute("aria-pressed", String(isOpen));
    remember(KEY, isOpen);
    player.send("transcript", isOpen);
  };
  made.setAttribute("aria-pressed", String(recall(KEY) === true));
  made.addEventListener("click", () => set(made.getAttribute("aria-pressed") !== "true"));
  return made;
}

/** @param {import("./player.js").Player} player */
export function mountTranscript(player) {
  const { root, text } = player;
  if (!root.hasAttribute("data-transcript")) return;
  const list = make("ol", { tabindex: 0, "aria-label": text("transcript") });
  const panel = make(
    "section",
    { class: "player-transcript", "aria-label": text("transcript"), hidden: recall(KEY) !== true },
    make("p", { class: "quiet" }, text("transcriptHint")),
    list,
  );
  root.append(panel);
  /** @type {import("./webvtt.js").Cue[]} */
  let cues = [];
  let at = -1;

  const follow = () => {
    const now = lastCueAt(cues, player.position);
    if (now === at) return;
    mark(list, at, false);
    mark(list, now, true);
    at = now;
    if (!list.matches(":hover") && !list.matches(":focus-within")) scrollTo(list, now);
  };
  player.on("cues", (found) => {
    cues = found;
    at = -1;
    list.replaceChildren(...cues.map((cue) => line(player, cue)));
    follow();
  });
  player.on("captions", (language) => (list.lang = language || list.lang));
  player.on("time", follow);
  player.on("transcript", (isOpen) => {
    panel.hidden = !isOpen;
    scrollTo(list, at);
  });
}

/** @param {import("./player.js").Player} player @param {import("./webvtt.js").Cue} cue */
function line(player, cue) {
  const press = make(
    "button",
    { type: "button" },
    make("time", {}, clock(cue.from)),
    make("span", {}, cue.text.replace(/\n/g, " ")),
  );
  press.addEventListener("click", () => {
    player.seek(cue.from);
    void player.play();
  });
  return make("li", {}, press);
}

/** @param {HTMLElement} list @param {number} at @param {boolean} isNow */
function mark(list, at, isNow) {
  const press = list.children[at]?.firstElementChild;
  if (isNow) press?.setAttribute("aria-current", "true");
  else press?.removeAttribute("aria-current");
}

/** Scrolls the list only, never the page. @param {HTMLElement} list @param {number} at */
function scrollTo(list, at) {
  const item = list.children[Math.max(0, at)];
  if (item instanceof HTMLElement) list.scrollTop = item.offsetTop - list.clientHeight / 3;
}
