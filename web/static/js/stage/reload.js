/** Loads the page anew, but never round and round. */

const KEPT = "porthole.reloaded";
const PAUSE_MS = 5000;

export function reload() {
  const last = Number(sessionStorage.getItem(KEPT));
  if (Date.now() - last < PAUSE_MS) return;
  sessionStorage.setItem(KEPT, String(Date.now()));
  location.reload();
}
