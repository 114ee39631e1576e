/** The moderator's classes: who is here of each, its hands, and whether it may speak or stands on the stage. */

import { make, must } from "../elements.js";
import { showList } from "./list.js";
import { button, classWords, clock, put } from "./parts.js";

/** @typedef {import("./floor.js").Floor} Floor */
/** @typedef {import("./floor.js").ClassCount} ClassCount */
/** @typedef {import("./floor.js").ClassState} ClassState */

/** @param {HTMLElement} root @param {import("./line.js").RoomLine} line @param {import("../texts.js").Texts} text @param {import("./desk.js").Do} doIt */
export function mountClasses(root, line, text, doIt) {
  const place = must(root.querySelector("[data-classes]"));

  /** @param {ClassCount} one @param {ClassState | undefined} state @param {number | undefined} since */
  const draw = (one, state, since) =>
    make("li", { "data-state": state?.is_on_stage ? "on_stage" : "" },
      make("h3", {}, classWords(text, one)), make("p", {}, figures(one)), ...quality(one),
      ...notes(one, state, since).map((words) => make("p", { class: "talk-held" }, words)),
      make("div", { class: "actions" }, ...acts(one, state)));

  /** @param {ClassCount} one */
  const figures = (one) =>
    [
      one.headcount === null ? text("noHeadcount") : text("pupils", { num: one.headcount }),
      text(one.phones === 1 ? "onePhone" : "manyPhones", { num: one.phones }),
      text(one.has_screen ? "screenOn" : "noScreen"),
      one.waiting ? text("atTeacher", { num: one.waiting }) : "",
    ].filter(Boolean).join(" · ");

  /** How well the stage comes in, by the worst device: of those that watch by themselves. @param {ClassCount} one */
  const quality = ({ watching = 0, worst, worst_count: count = 0, by_relay: relayed = 0, left }) => {
    if (!watching || !worst || left) return [];
    const words = text(`quality_${worst}`);
    const sentence = count === watching ? text("qualityAll", { words }) : text("qualitySome", { num: count, all: watching, words });
    const detour = relayed ? ` · ${text(relayed === 1 ? "oneRelayed" : "manyRelayed", { num: relayed })}` : "";
    const isBad = worst === "poor" || worst === "none";
    return [make("p", { class: isBad ? "talk-held" : "quiet", "data-quality": worst }, sentence + detour)];
  };

  /** @param {ClassCount} one @param {ClassState | undefined} state @param {number | undefined} since */
  const notes = (one, state, since) =>
    [
      one.left ? text("classLeft") : "",
      one.has_adult || one.left ? "" : text("noAdult"),
      state?.is_muted ? text("isMutedClass") : "",
      one.hands ? text(one.hands === 1 ? "oneHand" : "manyHands", { num: one.hands }) + (since ? ` ${text("handSince", { time: clock(since) })}` : "") : "",
      state?.is_on_stage ? text("classOnStage") : state?.has_consent ? text("hasConsent") : "",
    ].filter(Boolean);

  /** @param {ClassCount} one @param {ClassState | undefined} state */
  const acts = ({ part, hands, left, ...one }, state) => {
    if (left) return [];
    const about = one.class_name;
    const made = [];
    if (state?.is_on_stage) made.push(button("cut", text("cutClass"), () => doIt("cut", { part }), "stop", about));
    else if (state?.has_consent) made.push(button("put", text("classToStage"), () => doIt("put_on_stage", { part }), "sea", about));
    if (hands) made.push(button("lower", text("lowerHands"), () => doIt("lower_hand", { part }), "outlined", about));
    const isMuted = state?.is_muted ?? false;
    made.push(button("mute", text(isMuted ? "unmuteClass" : "muteClass"), () => doIt("mute_class", { part, is_on: !isMuted }), "outlined", about));
    return made;
  };

  line.on("changed", (floor) => {
    put(root.querySelector("[data-class-count]"), sum(floor));
    showList(
      place, floor.classes, ({ part }) => part, (one) => [one, floor.states.get(one.part), floor.hands.get(one.part)?.[0]],
      (one) => draw(one, floor.states.get(one.part), floor.hands.get(one.part)?.[0]?.at),
    );
  });

  /** @param {Floor} floor */
  const sum = (floor) => {
    const here = floor.classes.filter(({ left }) => !left);
    const pupils = here.reduce((all, { headcount }) => all + (headcount ?? 0), 0);
    return text(here.length === 1 ? "oneClass" : "manyClasses", { num: here.length, pupils });
  };
}
