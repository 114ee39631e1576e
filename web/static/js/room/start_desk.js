/** The moderator's page: the stage, and what she does beside it. */

import { must } from "../elements.js";
import { reload } from "../stage/reload.js";
import { Room } from "../viewer/room.js";
import { mountClasses } from "./desk_classes.js";
import { mountFlow } from "./desk_flow.js";
import { mountPolls } from "./desk_polls.js";
import { mountQuestions } from "./desk.js";
import { RoomLine } from "./line.js";
import { sayer } from "./parts.js";
import { mountReport } from "./report.js";

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-room]")));
const room = new Room(root);
const line = new RoomLine(room.socket);
const { text } = room;
const say = sayer(/** @type {HTMLElement} */ (must(root.querySelector("[data-refused]"))), text);
/** @type {import("./desk.js").Do} */
const doIt = (what, fields) => say(line.do(what, fields));

mountQuestions(root, line, text, doIt);
mountClasses(root, line, text, doIt);
mountFlow(root, line, text, doIt);
mountPolls(root, line, text, doIt);
mountReport(root, line, text);
// What she may do here is another now: the server says what stands on the page.
line.on("other", reload);
room.start();
