/** The captions page: film, typing and lines are put together here. */

import { must } from "../elements.js";
import { playerOf } from "../player/start.js";
import { readTexts } from "../texts.js";
import { List } from "./list.js";
import { Pieces } from "./pieces.js";
import { inOrder, showTime } from "./rows.js";
import { Store } from "./store.js";
import { Typing } from "./typing.js";

/** A new line gets so long, in milliseconds. */
const NEW_LINE_MS = 3000;

/** @param {HTMLElement} root */
async function mount(root) {
  const player = await playerOf(root.querySelector(".player"));
  const text = readTexts(root);
  const said = /** @type {HTMLElement} */ (must(root.querySelector("[data-said]")));
  const pieces = new Pieces(player);
  const list = new List(
    /** @type {HTMLElement} */ (must(root.querySelector("[data-rows]"))), text, root.dataset.language ?? "",
    { changed: () => store.changed(list.rows), play: (from, to) => pieces.play(from, to) },
  );
  const store = new Store(
    {
      url: root.dataset.save ?? "", key: root.dataset.key ?? "", source: root.dataset.source ?? "typed",
      isDraft: "draft" in root.dataset,
    },
    {
      saving: () => say(said, text("saving")),
      saved: (count) => { list.mark(0); say(said, count ? text("saved", { count }) : text("emptySaved")); },
      offline: () => say(said, text("offline")),
      wrong: (line, message) => { list.mark(line); say(said, text("wrong", { line, message })); },
    },
  );
  list.rows = JSON.parse(root.querySelector("script[data-rows-now]")?.textContent ?? "[]");
  restore(list, store, said, text);
  mountTyping(root, pieces, text, list, store, said);
  mountActs(root, pieces, list, store, said, text);
}

/** @param {List} list @param {Store} store @param {HTMLElement} said @param {import("../texts.js").Texts} text */
function restore(list, store, said, text) {
  const unsaved = store.unsaved();
  if (!unsaved) return;
  list.rows = unsaved;
  say(said, text("restored"));
  store.changed(unsaved);
}

/**
 * @param {HTMLElement} root @param {Pieces} pieces @param {import("../texts.js").Texts} text
 * @param {List} list @param {Store} store @param {HTMLElement} said
 */
function mountTyping(root, pieces, text, list, store, said) {
  const place = /** @type {HTMLElement} */ (must(root.querySelector("[data-typing]")));
  place.hidden = false;
  new Typing(place, pieces, text, {
    rows: () => list.rows,
    put: (rows) => {
      list.rows = rows;
      store.changed(rows);
      void store.save(rows);
    },
    ended: () => say(said, text("end_reached")),
  });
}

/**
 * @param {HTMLElement} root @param {Pieces} pieces @param {List} list @param {Store} store
 * @param {HTMLElement} said @param {import("../texts.js").Texts} text
 */
function mountActs(root, pieces, list, store, said, text) {
  const place = /** @type {HTMLElement} */ (must(root.querySelector("[data-lines]")));
  place.hidden = false;
  must(place.querySelector("[data-act=add]")).addEventListener("click", () => {
    const at = pieces.positionMs;
    const added = { start: showTime(at), end: showTime(at + NEW_LINE_MS), text: "" };
    const rows = inOrder([...list.rows, added]);
    list.rows = rows;
    list.focus(rows.indexOf(added) + 1);
  });
  must(place.querySelector("[data-act=finish]")).addEventListener("click", async () => {
    if (!list.rows.some((row) => row.text.trim())) {
      say(said, text("noLines"));
      return;
    }
    if (await store.save(list.rows, false)) location.assign(root.dataset.done ?? "");
    else said.scrollIntoView({ block: "center" });
  });
}

/** @param {HTMLElement} place @param {string} words */
function say(place, words) {
  place.textContent = words;
}

for (const root of document.querySelectorAll("[data-captioning]")) void mount(/** @type {HTMLElement} */ (root));
