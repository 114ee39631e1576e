/** Small pictures of the film: a WebVTT whose cues name a piece of a sheet, `sheet.jpg#xywh=x,y,w,h`. */

import { make } from "../elements.js";
import { cuesAt, fetchCues } from "./webvtt.js";

/** @typedef {{from: number, to: number, url: string, x: number, y: number, w: number, h: number}} Tile */

/** @param {string} url @returns {Promise<Tile[]>} Empty when there is none: a preview is a courtesy. */
export async function fetchTiles(url) {
  try {
    const base = new URL(url, document.baseURI);
    const cues = await fetchCues(url);
    return cues.map((cue) => tile(cue, base)).filter((found) => found !== null);
  } catch {
    return [];
  }
}

/** @param {import("./webvtt.js").Cue} cue @param {URL} base @returns {Tile | null} */
function tile({ from, to, text }, base) {
  const found = /^(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$/.exec(text);
  if (!found) return null;
  const sheet = new URL(found[1] ?? "", base);
  if (sheet.origin !== location.origin) return null;
  const [x = 0, y = 0, w = 0, h = 0] = found.slice(2).map(Number);
  return { from, to, url: sheet.href, x, y, w, h };
}

/** The little window above the slider. @param {string} url */
export function preview(url) {
  const picture = make("div", { class: "player-preview-picture" });
  const words = make("p");
  const element = make("div", { class: "player-preview", "aria-hidden": "true", hidden: true }, picture, words);
  /** @type {Promise<Tile[]> | null} */
  let tiles = null;

  /** @param {number} at @param {string} label @param {number} share 0–1 along the slider */
  const show = async (at, label, share) => {
    words.textContent = label;
    element.hidden = false;
    place(element, share);
    tiles ??= url ? fetchTiles(url) : Promise.resolve([]);
    const found = cuesAt(/** @type {any} */ (await tiles), at)[0];
    drawTile(picture, /** @type {Tile | undefined} */ (/** @type {unknown} */ (found)));
    place(element, share);
  };
  return { element, show, hide: () => (element.hidden = true) };
}

/** Keeps the window inside the slider's width. @param {HTMLElement} element @param {number} share */
function place(element, share) {
  const room = element.parentElement?.clientWidth ?? 0;
  const half = element.offsetWidth / 2;
  element.style.left = `${Math.min(room - half, Math.max(half, share * room))}px`;
}

/** @param {HTMLElement} picture @param {Tile | undefined} tile */
function drawTile(picture, tile) {
  picture.hidden = !tile;
  if (!tile) return;
  picture.style.width = `${tile.w}px`;
  picture.style.height = `${tile.h}px`;
  picture.style.backgroundImage = `url("${tile.url}")`;
  picture.style.backgroundPosition = `-${tile.x}px -${tile.y}px`;
}
