/** Keeps the parts of a page that are marked fresh up to date, without touching anything else on it. */

import { pageAt } from "../page.js";

const EVERY_MS = 4000;

async function refresh() {
  if (document.visibilityState !== "visible") return;
  const page = await pageAt(location.href);
  for (const place of document.querySelectorAll("[data-fresh]")) {
    const now = page?.getElementById(place.id);
    const isInUse = place.contains(document.activeElement);
    if (now && !isInUse && now.innerHTML !== place.innerHTML) place.replaceChildren(...now.childNodes);
  }
}

setInterval(() => void refresh(), EVERY_MS);
