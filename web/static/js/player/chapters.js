/** The chapters of a film, read from the page. */

/** @typedef {{title: string, from: number, to: number}} Chapter */

/** @param {Element} root @param {number} duration @returns {Chapter[]} */
export function readChapters(root, duration) {
  const marks = [...root.querySelectorAll(".player-marks li")].map((mark) => ({
    title: mark.textContent?.trim() ?? "",
    from: Number(mark.getAttribute("data-starts")),
  }));
  marks.sort((a, b) => a.from - b.from);
  return marks.map((mark, i) => ({ ...mark, to: marks[i + 1]?.from ?? duration }));
}

/** @param {Chapter[]} chapters @param {number} at */
export function chapterAt(chapters, at) {
  return chapters.find(({ from, to }) => from <= at && at < to) ?? null;
}
