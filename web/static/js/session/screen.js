/** A classroom PC asks every two seconds whether its teacher has let it in. */

const EVERY_MS = 2000;
// Long enough to read the sentence.
const READ_MS = 2000;

const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-screen]"));

/** @param {HTMLElement} page @param {number} timer */
async function ask(page, timer) {
  const answer = await fetch("/screen/ask", { method: "POST" }).catch(() => null);
  if (!answer?.ok) return;
  const { state, go } = await answer.json();
  if (state === "waiting") return;
  clearInterval(timer);
  if (state === "go") {
    location.replace(go);
    return;
  }
  const words = page.querySelector("[data-state]");
  if (words) words.textContent = page.dataset.over ?? "";
  setTimeout(() => location.reload(), READ_MS);
}

if (root) {
  const timer = setInterval(() => void ask(root, timer), EVERY_MS);
}
