/** The studio of this page. */

import { must } from "../elements.js";
import { RoomLine } from "../room/line.js";
import { mountPrompter } from "../room/prompter.js";
import { readTexts } from "../texts.js";
import { mountCopies } from "./copies.js";
import { mountInPlace } from "./in_place.js";
import { Studio } from "./studio.js";

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-broadcast]")));
const text = readTexts(root);
mountCopies(root, text);
mountInPlace(root, text);
const studio = new Studio(root);
const line = new RoomLine(studio.socket);
mountPrompter(/** @type {HTMLElement} */ (must(root.querySelector("[data-prompter]"))), line, text);
line.on("changed", ({ phase }) => studio.pause(phase === "paused"));
void studio.start();
