/** A viewer's page: the stage and the room beside it, or only the room on a phone beside the class's screen. */

import { must } from "../elements.js";
import { Room } from "./room.js";

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-room]")));
new Room(root).start();
