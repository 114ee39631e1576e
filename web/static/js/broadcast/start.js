/** The studio of this page. */

import { must } from "../elements.js";
import { readTexts } from "../texts.js";
import { mountCopies } from "./copies.js";
import { Studio } from "./studio.js";

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-broadcast]")));
mountCopies(root, readTexts(root));
void new Studio(root).start();
