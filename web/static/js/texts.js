/**
 * Words for the reader, translated by the server and left in the page.
 */

/** @typedef {(key: string, values?: Record<string, string | number>) => string} Texts */

/**
 * Reads the words an element carries in its `<script type="application/json" data-texts>`.
 * A missing word shows its key, so that the gap is seen and nothing breaks.
 * @param {Element} root
 * @returns {Texts}
 */
export function readTexts(root) {
  const source = root.querySelector("script[data-texts]")?.textContent;
  /** @type {Record<string, string>} */
  const words = source ? JSON.parse(source) : {};
  return (key, values = {}) => fill(words[key] ?? key, values);
}

/**
 * Puts values into the `{name}` places of a sentence.
 * @param {string} sentence
 * @param {Record<string, string | number>} values
 */
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}
