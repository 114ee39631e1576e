/** How the session goes: its phase, its host, the running order, the timer, and a word to those on the stage. */

import { make, must } from "../elements.js";
import { confirmed, waiting } from "./desk.js";
import { showList } from "./list.js";
import { button, clock, put } from "./parts.js";
import { timeWords } from "./prompter.js";

/** @typedef {import("./floor.js").Floor} Floor */
/** @typedef {import("./floor.js").Item} Item */

// Which phases each may go to, and how the button is called.
/** @type {Record<string, [string, string, string][]>} */
const NEXT = {
  green: [["lobby", "openDoors", "outlined"], ["live", "begin", "next"]],
  lobby: [["live", "begin", "next"]],
  live: [["paused", "pause", "outlined"]],
  paused: [["live", "goOn", "next"]],
  ended: [],
};
const TICK_MS = 500;
const LONGEST_MIN = 240;

/** @param {HTMLElement} root @param {import("./line.js").RoomLine} line @param {import("../texts.js").Texts} text @param {import("./desk.js").Do} doIt */
export function mountFlow(root, line, text, doIt) {
  /** @param {string} selector */
  const find = (selector) => /** @type {HTMLElement} */ (must(root.querySelector(selector)));

  /** @param {string} phase */
  const phaseButtons = (phase) => {
    const made = (NEXT[phase] ?? []).map(([to, words, kind]) => button(to, text(words), () => doIt("set_phase", { to }), kind));
    if (phase === "ended") return made;
    return [...made, button("end", text("end"), () => confirmed(sureEnd(), () => doIt("set_phase", { to: "ended" })), "stop")];
  };

  /** Of a webinar what everybody sees is answered afterwards; what still waits would be lost. */
  const sureEnd = () => {
    const { length: num } = waiting(line);
    if (!num || !root.dataset.afterwards) return text("sureEnd");
    return `${text(num === 1 ? "oneWaits" : "manyWait", { num })}. ${text("showFirst")}\n\n${text("sureEnd")}`;
  };

  /** @param {Floor} floor */
  const show = (floor) => {
    put(find("[data-phase]"), text(`phase_${floor.phase}`));
    root.toggleAttribute("data-ended", floor.phase === "ended");
    showList(find("[data-phase-acts]"), [floor.phase], (one) => one, (one) => one, (one) => make("li", {}, ...phaseButtons(one)));
    const caption = floor.captions.at(-1);
    put(find("[data-caption-now]"), caption ? text("captionLast", { time: clock(caption.at) }) : text("captionNone"));
    put(find("[data-host]"), floor.host ? floor.host_name || text("aModerator") : text("noHost"));
    showList(
      find("[data-order]"), floor.items.map((one, at) => ({ ...one, at, is_now: at === floor.item })), ({ at }) => String(at),
      (one) => one, itemLine,
    );
    find("[data-no-order]").hidden = floor.items.length > 0;
    const field = orderField();
    if (document.activeElement !== field && !field.dataset.changed) field.value = written(floor.items);
    tick();
  };

  /** @param {Item & {at: number, is_now: boolean}} one */
  const itemLine = ({ title, minutes, at, is_now: isNow }) => {
    const words = make("p", {}, title, " ", make("span", { class: "quiet" }, text("minutes", { num: minutes })));
    const line = make("li", isNow ? { "aria-current": "step" } : {}, words);
    if (isNow) line.append(make("p", { class: "talk-where" }, text("weAreHere")));
    else line.append(button("go", text("goHere"), () => doIt("go_to", { item: at }), "outlined", title));
    return line;
  };

  const orderField = () => /** @type {HTMLTextAreaElement} */ (must(root.querySelector("[data-order-form] textarea")));

  function mountOrder() {
    const form = find("[data-order-form]");
    orderField().addEventListener("input", () => (orderField().dataset.changed = "1"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void doIt("set_order", { items: itemsIn(orderField().value) }).then((code) => {
        if (code) return;
        delete orderField().dataset.changed;
        orderField().value = written(line.floor.items);
        form.closest("details")?.removeAttribute("open");
      });
    });
  }

  function mountTimer() {
    for (const one of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-minutes]"))) {
      one.addEventListener("click", () => void doIt("set_timer", { seconds: Number(one.dataset.minutes) * 60 }));
    }
    for (const one of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-cue-kind]"))) {
      one.addEventListener("click", () => void doIt("send_cue", { cue: one.dataset.cueKind }).then((code) => {
        if (!code) put(find("[data-cue-sent]"), text("cueSent", { words: one.textContent ?? "" }));
      }));
    }
    find("[data-take-over]").addEventListener("click", () => void doIt("take_over", {}));
  }

  function tick() {
    const { timer_until: until } = line.floor;
    put(find("[data-timer]"), until === null ? text("noTimer") : timeWords(text, until - Date.now()));
  }

  mountOrder();
  mountTimer();
  setInterval(tick, TICK_MS);
  line.on("changed", show);
}

/** One line each: minutes, then what. A line without minutes gets five. @param {string} words @returns {Item[]} */
export function itemsIn(words) {
  const lines = words.split("\n").map((one) => one.trim()).filter(Boolean).slice(0, 40);
  return lines.map((one) => {
    const [, minutes, title] = /^(?:(\d{1,3})\s+)?(.*)$/.exec(one) ?? [];
    return { minutes: Math.min(LONGEST_MIN, Math.max(1, Number(minutes ?? 5))), title: (title || one).slice(0, 100) };
  });
}

/** @param {Item[]} items */
const written = (items) => items.map(({ title, minutes }) => `${minutes} ${title}`).join("\n");
