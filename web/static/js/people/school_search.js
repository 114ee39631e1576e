// Finds schools while somebody types, and lays them out as the same radio buttons that the
// server makes. Without this file a button asks the server.

/** How long to wait for the next letter, in milliseconds. */
const PAUSE_MS = 250;
/** Fewer letters fit half the country. */
const FEWEST_LETTERS = 2;

/** @typedef {{ id: string, name: string, place: string, code: string, levels: string[] }} School */

/**
 * One radio button with its words, as the server's macro makes it.
 * @param {School} school
 * @param {number} number
 * @param {boolean} isChecked
 */
function choice(school, number, isChecked) {
  const line = document.createElement("div");
  line.className = "choice";
  const input = document.createElement("input");
  Object.assign(input, {
    type: "radio", name: "school", value: school.id, id: `school-${number}`, checked: isChecked,
  });
  // For `levels.js`.
  input.dataset.levels = JSON.stringify(school.levels);
  const label = document.createElement("label");
  label.htmlFor = input.id;
  label.textContent = school.name;
  const hint = document.createElement("p");
  hint.className = "hint";
  hint.id = `${input.id}-hint`;
  hint.textContent = [school.place, school.code].filter(Boolean).join(" · ");
  input.setAttribute("aria-describedby", hint.id);
  line.append(input, label, hint);
  return line;
}

/** @param {HTMLElement} root */
function searchIn(root) {
  const field = /** @type {HTMLInputElement} */ (root.querySelector("#school_q"));
  const list = /** @type {HTMLElement} */ (root.querySelector("[data-schools]"));
  const said = /** @type {HTMLElement} */ (root.querySelector("[data-found]"));
  const template = /** @type {HTMLTemplateElement} */ (root.querySelector("template"));
  const address = new URL(root.dataset.schoolSearch ?? "", window.location.href);
  let timer = 0;
  /** @type {AbortController | null} */
  let asking = null;

  /** @param {School[]} schools */
  function show(schools) {
    const words = [root.dataset.none, root.dataset.one][schools.length] ?? root.dataset.many ?? "";
    said.textContent = words.replace("{num}", String(schools.length));
    said.classList.toggle("for-readers", schools.length > 0);
    list.replaceChildren();
    lay(schools);
    list.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** @param {School[]} schools */
  function lay(schools) {
    if (schools.length === 0) return;
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const group = /** @type {HTMLElement} */ (copy.firstElementChild);
    schools.forEach((school, index) =>
      group.append(choice(school, index + 1, schools.length === 1)));
    list.append(group);
  }

  async function ask() {
    asking?.abort();
    const text = field.value.trim();
    if (text.length < FEWEST_LETTERS) return;
    asking = new AbortController();
    address.searchParams.set("q", text);
    try {
      const answer = await fetch(address, { signal: asking.signal });
      if (answer.ok) show((await answer.json()).schools);
    } catch (error) {
      // Overtaken by the next letter, or no network: the button of the form still works.
      if (!(error instanceof DOMException) && !(error instanceof TypeError)) throw error;
    }
  }

  field.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, PAUSE_MS);
  });
}

for (const root of document.querySelectorAll("[data-school-search]")) {
  searchIn(/** @type {HTMLElement} */ (root));
}

// Choosing another class opens what is asked about it.
const another = document.querySelector("details.another-class");
for (const radio of document.querySelectorAll('input[name="class_id"]')) {
  radio.addEventListener("change", () => {
    if (another instanceof HTMLDetailsElement && radio instanceof HTMLInputElement) {
      another.open = radio.value === "new";
    }
  });
}
