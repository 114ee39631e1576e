/**
 * What this device remembers for its user. Nothing of it is sent anywhere. A browser that keeps
 * nothing (private window, full disk, policy of the school) is no error: then nothing is remembered.
 */

const PREFIX = "porthole.";

/** @param {string} key @returns {any} What was remembered, or null. */
export function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} key @param {unknown} value */
export function remember(key, value) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Full or forbidden: see above.
  }
}

/** @param {string} key */
export function forget(key) {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Forbidden: see above.
  }
}
