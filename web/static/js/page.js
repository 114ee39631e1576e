/** A page of ours, read by a script. */

/** @param {string} address @param {RequestInit} [wish] @returns {Promise<Document | null>} null when it did not come */
export async function pageAt(address, wish) {
  const answer = await fetch(address, wish).catch(() => null);
  if (!answer?.headers.get("Content-Type")?.startsWith("text/html")) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}
