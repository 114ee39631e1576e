/** What a page of a lesson was given by the server: words and chosen chapters. */

/** @param {Element} root @returns {Record<string, string>} */
export function wordsOf(root) {
  return JSON.parse(root.querySelector("script[data-words]")?.textContent || "{}");
}

/** Chapters as the player counts them, from 0; null for the whole film. @param {HTMLElement} root */
export function chosenChapters(root) {
  /** @type {number[]} */
  const numbers = JSON.parse(root.dataset.chapters || "[]");
  return numbers.length ? numbers.map((number) => number - 1) : null;
}

/** @param {string} url @param {unknown} [said] @returns {Promise<boolean>} whether it was kept */
export async function tell(url, said = {}) {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(said),
    });
    return answer.ok;
  } catch {
    return false;
  }
}
