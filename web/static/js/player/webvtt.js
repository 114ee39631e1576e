/**
 * WebVTT to plain cues. Tags are dropped, entities decoded: what remains is text and only ever set
 * as text. Bad blocks are left out; the server has already cleaned the file.
 */

/** @typedef {{from: number, to: number, text: string}} Cue */

const TIMES = /(?:(\d+):)?(\d{2}):(\d{2})[.,](\d{3})[ \t]+-->[ \t]+(?:(\d+):)?(\d{2}):(\d{2})[.,](\d{3})/;
/** @type {Record<string, string>} */
const ENTITIES = { amp: "&", lt: "<", gt: ">", nbsp: "\u00a0", lrm: "\u200e", rlm: "\u200f", quot: "\"" };

/** @param {string} file @returns {Cue[]} In order of their start. */
export function parseCues(file) {
  const blocks = file.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n").split(/\n{2,}/);
  const cues = blocks.map(parseBlock).filter((cue) => cue !== null);
  return cues.sort((a, b) => a.from - b.from || a.to - b.to);
}

/** @param {string} block @returns {Cue | null} */
function parseBlock(block) {
  const lines = block.split("\n").filter((line) => line.trim());
  const at = lines.findIndex((line) => line.includes("-->"));
  const times = at < 0 ? null : TIMES.exec(lines[at] ?? "");
  if (!times) return null;
  const [from, to] = [seconds(times, 1), seconds(times, 5)];
  const text = plain(lines.slice(at + 1).join("\n"));
  return text && to > from ? { from, to, text } : null;
}

/** @param {RegExpExecArray} found @param {number} at */
function seconds(found, at) {
  const [h, m, s, ms] = [0, 1, 2, 3].map((i) => Number(found[at + i] ?? 0));
  return (h ?? 0) * 3600 + (m ?? 0) * 60 + (s ?? 0) + (ms ?? 0) / 1000;
}

/** `<v Anna>` becomes "Anna: "; every other tag is dropped. @param {string} markup */
function plain(markup) {
  return markup
    .replace(/<v(?:\.[^\s>]*)?\s+([^>]+)>/g, (_, name) => `${name.trim()}: `)
    .replace(/<[^>]*>/g, "")
    .replace(/&(\w+);/g, (entity, name) => ENTITIES[name] ?? entity)
    .trim();
}

/** The cues on screen at a moment. @param {Cue[]} cues @param {number} at */
export function cuesAt(cues, at) {
  return cues.filter((cue) => cue.from <= at && at < cue.to);
}

/** Index of the cue that is or was last spoken; -1 before the first. @param {Cue[]} cues @param {number} at */
export function lastCueAt(cues, at) {
  let low = 0;
  let high = cues.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cues[middle]?.from ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** @param {string} url @returns {Promise<Cue[]>} */
export async function fetchCues(url) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`captions: ${answer.status}`);
  return parseCues(await answer.text());
}
