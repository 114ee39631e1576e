/** A page of a room without the stage: its line to the room, and a word where it breaks. */

import { must } from "../elements.js";
import { reload } from "../stage/reload.js";
import { RoomSocket } from "../stage/room_socket.js";
import { readTexts } from "../texts.js";
import { RoomLine } from "./line.js";

// The line may be made anew without a word.
const OFFLINE_MS = 4000;

/** Nothing of the stage comes in here. */
const beat = () =>
  Promise.resolve({
    is_flowing: false, is_shown: document.visibilityState === "visible", is_audible: false, rung: /** @type {const} */ ("none"),
  });

/** @param {HTMLElement} root with data-room and a [data-note] */
export function roomHere(root) {
  const text = readTexts(root);
  const socket = new RoomSocket(root.dataset.room ?? "", beat);
  const line = new RoomLine(socket);
  let offline = 0;
  socket.on("online", (isOnline) => {
    clearTimeout(offline);
    if (isOnline) note(root, "");
    else offline = setTimeout(() => note(root, text("again")), OFFLINE_MS);
  });
  socket.on("closed", (why) => note(root, text(why)));
  // What this page may do is another now: the server says what stands on it.
  line.on("other", reload);
  return { socket, line, text };
}

/** @param {HTMLElement} root @param {string} words */
function note(root, words) {
  const place = /** @type {HTMLElement} */ (must(root.querySelector("[data-note]")));
  place.textContent = words;
  place.hidden = !words;
}
