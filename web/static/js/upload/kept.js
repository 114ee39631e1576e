/** What this device remembers of a film it was sending for a tour, and what the server has of it. */

import { defaultOptions } from "tus-js-client";

/** @typedef {import("tus-js-client").PreviousUpload} PreviousUpload */
/** @typedef {{ before: PreviousUpload, name: string, share: number }} Kept `share`: 0 to 1. */
/** @typedef {{ kept: Kept | null, expired: string }} Found `expired`: the name of a film whose time was over. */

const TUS = { "Tus-Resumable": "1.0.0" };
const GONE = 404;
const EXPIRED = 410;

/**
 * Tells the same file for the same tour again; for another tour the same file is another upload.
 * @param {string} tour
 * @param {File} file
 */
export function fingerprint(tour, file) {
  return ["porthole", tour, file.name, file.size, file.lastModified].join("-");
}

/**
 * The film that was being sent for this tour, if the server still has its bytes. What it no longer
 * has is forgotten here too.
 * @param {string} tour
 * @returns {Promise<Found>}
 */
export async function findKept(tour) {
  const storage = defaultOptions.urlStorage;
  const all = (await storage.findAllUploads()).filter(({ metadata }) => metadata.tour === tour);
  all.sort((one, other) => (one.creationTime < other.creationTime ? 1 : -1));
  let expired = "";
  for (const before of all) {
    const name = before.metadata.filename ?? "";
    const share = await shareOf(before);
    if (typeof share === "number") return { kept: { before, name, share }, expired: "" };
    if (share === "expired") expired = name;
    await storage.removeUpload(before.urlStorageKey);
  }
  return { kept: null, expired };
}

/** @param {PreviousUpload} before @returns {Promise<number | "expired" | null>} null: not there, or complete. */
async function shareOf(before) {
  if (!before.uploadUrl) return null;
  const answer = await fetch(before.uploadUrl, { method: "HEAD", headers: TUS });
  if (answer.status === EXPIRED) return "expired";
  if (answer.status === GONE) return null;
  const length = Number(answer.headers.get("Upload-Length"));
  const offset = Number(answer.headers.get("Upload-Offset"));
  if (!answer.ok) throw new Error(`The server answers ${answer.status}.`);
  if (!length) return 0;
  return offset < length ? offset / length : null;
}

/** Removes what arrived, here and there. @param {Kept} kept */
export async function removeKept(kept) {
  if (kept.before.uploadUrl) {
    await fetch(kept.before.uploadUrl, { method: "DELETE", headers: TUS });
  }
  await defaultOptions.urlStorage.removeUpload(kept.before.urlStorageKey);
}
