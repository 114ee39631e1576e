/** A list on a page that is kept as it should be, without taking away what somebody is pressing or reading. */

/** What each element shows now. @type {WeakMap<Element, string>} */
const faces = new WeakMap();

/**
 * Shows `items` in `place`, one element each. An element stays for as long as its key does; `face` says what is on it,
 * and only where that changed it is drawn anew.
 * @template T
 * @param {Element} place @param {T[]} items @param {(item: T) => string} keyOf @param {(item: T) => unknown} face
 * @param {(item: T) => Element} draw
 */
export function showList(place, items, keyOf, face, draw) {
  const before = new Map([...place.children].map((one) => [/** @type {HTMLElement} */ (one).dataset.key ?? "", one]));
  let at = /** @type {Element | null} */ (place.firstElementChild);
  for (const item of items) {
    const key = keyOf(item);
    const seen = JSON.stringify(face(item));
    let element = /** @type {HTMLElement | undefined} */ (before.get(key));
    before.delete(key);
    if (!element || faces.get(element) !== seen) {
      const fresh = /** @type {HTMLElement} */ (draw(item));
      fresh.dataset.key = key;
      faces.set(fresh, seen);
      if (element) replace(element, fresh);
      if (element && at === element) at = fresh;
      element = fresh;
    }
    if (element === at) at = at.nextElementSibling;
    else place.insertBefore(element, at);
  }
  for (const gone of before.values()) remove(gone);
}

/** The same button of the new element has the focus. @param {Element} old @param {Element} fresh */
function replace(old, fresh) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const name = focused && old.contains(focused) ? focused.dataset.act : undefined;
  old.replaceWith(fresh);
  if (name) /** @type {HTMLElement | null} */ (fresh.querySelector(`[data-act="${name}"]`))?.focus();
}

/** Who was on it stands on the next one, not at the top of the page. @param {Element} gone */
function remove(gone) {
  const hadFocus = gone.contains(document.activeElement);
  const next = gone.nextElementSibling ?? gone.previousElementSibling;
  gone.remove();
  if (hadFocus) /** @type {HTMLElement | null} */ (next?.querySelector("button"))?.focus();
}
