/**
 * A viewer's page: the stage and the room beside it, or only the room on a phone beside the class's screen; a pupil's
 * device has its buttons too.
 */

import { must } from "../elements.js";
import { mountCaptions } from "../room/captions.js";
import { RoomLine } from "../room/line.js";
import { Phone } from "../room/phone.js";
import { Room } from "./room.js";

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-room]")));
const room = new Room(root);
const line = new RoomLine(room.socket);
const talk = /** @type {HTMLElement | null} */ (root.querySelector("[data-talk]"));
if (talk) new Phone(talk, root.dataset.room ?? "", line, room.text);
mountCaptions(root, line, room.text);
room.start();
