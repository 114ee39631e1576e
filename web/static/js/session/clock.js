const TICK_MS = 1000;

/** Keeps the time of day, hours and minutes, where the page has a place for it. @param {Element} root */
export function showClock(root) {
  const place = root.querySelector("[data-clock]");
  if (!place) return;
  const tick = () => {
    const now = new Date();
    const time = [now.getHours(), now.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
    if (place.textContent !== time) place.textContent = time;
  };
  tick();
  setInterval(tick, TICK_MS);
}
