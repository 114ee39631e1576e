/**
 * Beats that could not be sent wait here, also when the page or the device is closed meanwhile. A browser
 * that keeps nothing (private window, policy of the school) keeps them as long as the page is open.
 */

/** @typedef {import("./beats.js").Beat} Beat */
/** @typedef {Beat & {session: string}} KeptBeat */

const STORE = "beats";
// The server takes nothing older.
const KEPT_MS = 7 * 24 * 3600 * 1000;

/** @type {Promise<IDBDatabase | null> | null} */
let opened = null;

function open() {
  opened ??= new Promise((resolve) => {
    try {
      const asked = indexedDB.open("porthole-session", 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore(STORE, { keyPath: ["connection", "number"] });
      };
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return opened;
}

/**
 * @template T
 * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T> | void} act
 * @returns {Promise<T | undefined>}
 */
async function within(mode, act) {
  const database = await open();
  if (!database) return undefined;
  return new Promise((resolve) => {
    const transaction = database.transaction(STORE, mode);
    const asked = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(asked?.result);
    transaction.onabort = () => resolve(undefined);
  });
}

/** @param {string} session @param {Beat[]} beats */
export async function keep(session, beats) {
  await within("readwrite", (store) => {
    for (const beat of beats) store.put({ ...beat, session });
  });
}

/** @param {Beat[]} beats */
export async function letGo(beats) {
  await within("readwrite", (store) => {
    for (const { connection, number } of beats) store.delete([connection, number]);
  });
}

/** What an earlier page of this session left, oldest first. @param {string} session @returns {Promise<Beat[]>} */
export async function left(session) {
  const beats = (await all()).filter((beat) => beat.session === session);
  return beats.map(({ session: _, ...beat }) => beat).sort((a, b) => a.at - b.at);
}

/** The sessions of which beats wait here. @returns {Promise<string[]>} */
export async function sessionsLeft() {
  return [...new Set((await all()).map((beat) => beat.session))];
}

/** What the server would still take; what is older goes. @returns {Promise<KeptBeat[]>} */
async function all() {
  const found = /** @type {KeptBeat[] | undefined} */ (await within("readonly", (store) => store.getAll())) ?? [];
  const isOld = (/** @type {KeptBeat} */ beat) => Date.now() - beat.at >= KEPT_MS;
  const old = found.filter(isOld);
  if (old.length) await letGo(old);
  return found.filter((beat) => !isOld(beat));
}
