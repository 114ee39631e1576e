/** Keeps the screen on while a class watches. Where the browser cannot, the film itself usually does. */

/** @returns {() => void} Call it to let the screen sleep again. */
export function stayAwake() {
  let isWanted = true;
  /** @type {WakeLockSentinel | null} */
  let lock = null;
  const ask = async () => {
    if (!isWanted || !("wakeLock" in navigator) || document.visibilityState !== "visible") return;
    try {
      const got = await navigator.wakeLock.request("screen");
      if (!isWanted) return void got.release();
      void lock?.release();
      lock = got;
    } catch {
      // A low battery or a policy of the school: nothing to be done about it from here.
    }
  };
  // The browser takes the lock away from a hidden page.
  document.addEventListener("visibilitychange", ask);
  void ask();
  return () => {
    isWanted = false;
    void lock?.release();
    document.removeEventListener("visibilitychange", ask);
  };
}
