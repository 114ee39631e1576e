/** A captioner's page: the stage to hear, and the line she types. */

import { must } from "../elements.js";
import { Room } from "../viewer/room.js";
import { Captioner } from "./captioner.js";
import { RoomLine } from "./line.js";

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-room]")));
const room = new Room(root);
new Captioner(root, new RoomLine(room.socket), room.text);
room.start();
