/** The studio of this page. */

import { must } from "../elements.js";
import { readTexts } from "../texts.js";
import { mountCopies } from "./copies.js";
import { mountInPlace } from "./in_place.js";
import { Studio } from "./studio.js";

const root = /** @type {HTMLElement} */ (must(document.querySelector("[data-broadcast]")));
const text = readTexts(root);
mountCopies(root, text);
mountInPlace(root, text);
void new Studio(root).start();
