/** The teacher's queue of this page. */

import { must } from "../elements.js";
import { roomHere } from "./here.js";
import { Queue } from "./queue.js";

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-room]")));
const { socket, line, text } = roomHere(root);
new Queue(root, line, text);
socket.start();
