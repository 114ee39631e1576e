// Offers the levels that the chosen school has. Without this file those of a school that was chosen
// before the page came are offered, or all of them.

/**
 * What the school that is chosen in a form has; null: none is chosen, or nothing is known of it.
 * @param {HTMLSelectElement} levels
 * @param {Record<string, string[]>} known
 * @returns {string[] | null}
 */
function there(levels, known) {
  const name = levels.dataset.school ?? "";
  const chosen = levels.form?.querySelector(`input[name="${name}"]:checked, select[name="${name}"]`);
  if (chosen instanceof HTMLSelectElement) return known[chosen.value] ?? null;
  if (!(chosen instanceof HTMLInputElement)) return null;
  return chosen.dataset.levels ? JSON.parse(chosen.dataset.levels) : known[chosen.value] ?? null;
}

/**
 * Takes away what is not there; a level chosen before that is not there either is chosen no more.
 * @param {HTMLSelectElement} levels
 * @param {string[] | null} offered
 */
function offer(levels, offered) {
  for (const option of levels.options) {
    const isThere = option.value === "" || offered === null || offered.includes(option.value);
    option.hidden = option.disabled = !isThere;
    if (!isThere && option.selected) levels.value = "";
  }
}

const levels = document.querySelector("select[data-levels-of]");
if (levels instanceof HTMLSelectElement && levels.form) {
  const known = JSON.parse(levels.dataset.levelsOf ?? "{}");
  levels.form.addEventListener("change", (event) => {
    const changed = event.target;
    if (changed !== levels) offer(levels, there(levels, known));
  });
}
