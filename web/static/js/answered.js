/** A page that is to be loaded anew waits for the network first: else the browser shows its own error. */

/** Between two looks, in milliseconds. */
const LOOK_MS = 2000;

/**
 * Loads the page anew as soon as its address answers. A proxy that finds nobody behind it is no answer.
 * @param {() => void} waits Called once, when it does not answer at once.
 */
export async function reloadWhenAnswered(waits) {
  if (!(await answers())) {
    waits();
    do await nextLook();
    while (!(await answers()));
  }
  location.reload();
}

async function answers() {
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  return answer !== null && answer.status < 500;
}

/** The next look comes with the network, or by the clock. */
function nextLook() {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LOOK_MS);
    addEventListener("online", () => (clearTimeout(timer), resolve(null)), { once: true });
  });
}
