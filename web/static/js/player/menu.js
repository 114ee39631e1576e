/**
 * A button that opens a list of choices. Arrows move, Home and End jump, Escape closes, and the focus
 * goes back to the button. The list is read anew each time it opens.
 */

import { make } from "../elements.js";
import { button } from "./button.js";

/** @typedef {{words: string, note?: string, isChosen: boolean, isSwitch?: boolean, choose: () => void}} Item */
/** isInRow: short words side by side. @typedef {{heading?: string, isInRow?: boolean, items: Item[]}} Group */

let made = 0;

/**
 * @param {string} shape @param {string} name
 * @param {() => Group[]} read
 */
export function menu(shape, name, read) {
  const id = `player-menu-${++made}`;
  const opener = button(shape, name, () => (panel.hidden ? open() : close()), {
    "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": id,
  });
  const panel = make("div", { id, class: "player-menu", role: "menu", "aria-label": name, hidden: true });
  const element = make("div", { class: "player-choice" }, opener, panel);

  const open = () => {
    panel.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    refresh();
    (items().find((item) => item.getAttribute("aria-checked") === "true") ?? items()[0])?.focus();
  };
  const close = () => {
    const hadFocus = panel.contains(document.activeElement);
    panel.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    if (hadFocus) opener.focus();
  };
  const items = () => [...panel.querySelectorAll("button")];

  const refresh = () => {
    if (panel.hidden) return;
    const at = items().findIndex((item) => item === document.activeElement);
    panel.replaceChildren(...read().map((group, i) => groupElement(group, `${id}-${i}`, pick)));
    if (at >= 0) items()[at]?.focus();
  };
  /** @param {Item} item */
  const pick = (item) => {
    item.choose();
    if (item.isSwitch) refresh();
    else close();
  };

  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      close();
      event.stopPropagation();
    } else if (!move(items(), event.key)) return;
    event.preventDefault();
  });
  element.addEventListener("focusout", (event) => {
    // A list drawn anew loses its focus to nobody: that is no leaving.
    if (event.relatedTarget instanceof Node && !element.contains(event.relatedTarget)) close();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!panel.hidden && event.target instanceof Node && !element.contains(event.target)) close();
  });
  return { element, opener, refresh, close };
}

/** @param {Group} group @param {string} id @param {(item: Item) => void} pick */
function groupElement(group, id, pick) {
  const heading = group.heading ? [make("p", { id, role: "presentation" }, group.heading)] : [];
  const items = group.items.map((item) => itemElement(item, pick));
  return make(
    "div",
    { role: "group", class: group.isInRow && "player-row", "aria-labelledby": group.heading && id },
    ...heading,
    ...items,
  );
}

/** @param {Item} item @param {(item: Item) => void} pick */
function itemElement(item, pick) {
  const element = make(
    "button",
    {
      type: "button", tabindex: -1, "aria-checked": item.isChosen ? "true" : "false",
      role: item.isSwitch ? "menuitemcheckbox" : "menuitemradio",
    },
    make("span", {}, item.words),
    ...(item.note ? [make("span", { class: "player-note" }, item.note)] : []),
  );
  element.addEventListener("click", () => pick(item));
  return element;
}

/** @param {HTMLElement[]} items @param {string} key */
function move(items, key) {
  const at = items.findIndex((item) => item === document.activeElement);
  /** @type {Record<string, number>} */
  const to = {
    ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1,
    Home: 0, End: items.length - 1,
  };
  const target = to[key];
  if (target === undefined) return false;
  items[(target + items.length) % items.length]?.focus();
  return true;
}
