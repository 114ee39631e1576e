/** The shapes on the buttons, drawn on 24 by 24. */

const NS = "http://www.w3.org/2000/svg";

/** @type {Record<string, string>} */
const SHAPES = {
  play: "M7 4.5v15l12.5-7.5z",
  pause: "M6.5 5h4v14h-4zm7 0h4v14h-4z",
  sound: "M3 9v6h4l5.5 4.5v-15L7 9zm12 .2v5.6a3.2 3.2 0 0 0 0-5.6zm0-4v2a5.2 5.2 0 0 1 0 9.6v2a7 7 0 0 0 0-13.6z",
  mute: "M3 9v6h4l5.5 4.5v-15L7 9zm12.7.3l-1.4 1.4 2.3 2.3-2.3 2.3 1.4 1.4 2.3-2.3 2.3 2.3 1.4-1.4-2.3-2.3 2.3-2.3-1.4-1.4-2.3 2.3z",
  captions: "M3 5h18v14H3zm2 2v10h14V7zm1.5 4h5v2h-5zm6.5 0h4.5v2H13zm-6.5 3h3v2h-3zm4.5 0h6.5v2H11z",
  quality: "M4 6h9V4h2v6h-2V8H4zm13 0h3v2h-3zM4 11h3V9h2v6H7v-2H4zm7 0h9v2h-9zm-7 5h7v-2h2v6h-2v-2H4zm11 0h5v2h-5z",
  speed: "M4 5.5v13L12 12zm8 0v13l8-6.5z",
  chapters: "M4 5h3v3H4zm5 .5h11v2H9zM4 10.5h3v3H4zm5 .5h11v2H9zM4 16h3v3H4zm5 .5h11v2H9z",
  transcript: "M5 3h14v18H5zm2 2v14h10V5zm1.5 3h7v1.7h-7zm0 3.4h7V13h-7zm0 3.3h4.5v1.7H8.5z",
  expand: "M4 4h6v2H6v4H4zm10 0h6v6h-2V6h-4zM4 14h2v4h4v2H4zm14 0h2v6h-6v-2h4z",
  turn: "M4 5h16v9h-2V7H6v5H4zm0 9h7v5H4zm2 2v1h3v-1zm8 4l3.5-3.5L21 20h-2.3v1.5h-2.4V20z",
  shrink: "M8 4h2v6H4V8h4zm6 0h2v4h4v2h-6zM4 14h6v6H8v-4H4zm10 0h6v2h-4v4h-2z",
};

/** @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const path = document.createElementNS(NS, "path");
  path.setAttribute("fill", "currentColor");
  path.setAttribute("fill-rule", "evenodd");
  path.setAttribute("d", SHAPES[name] ?? "");
  svg.append(path);
  return svg;
}
