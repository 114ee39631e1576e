/** The text an ICT person can send on: what was tried, what came of it, what to open. Pure. */

/** @typedef {import("./probe.js").Probed} Probed */

const RUNGS = /** @type {const} */ (["udp", "tcp", "turn"]);
const OPEN = { udp: "reportUdp", tcp: "reportTcp", turn: "reportTurn" };

/** The sum of it all: a key of the words. @param {Probed[]} all */
export function sumOf(all) {
  const works = (/** @type {string} */ rung) => all.some((one) => one.rung === rung && one.result === "works");
  if (works("udp")) return "sumBest";
  if (works("tcp")) return "sumGood";
  return works("turn") ? "sumRelay" : "sumNone";
}

/**
 * @param {Probed[]} all
 * @param {{when: string, page: string, browser: string, names: Record<string, string>}} about
 * @param {import("../texts.js").Texts} text
 */
export function reportOf(all, { when, page, browser, names }, text) {
  const results = all.map((one) => text("reportWay", { way: names[one.rung] ?? one.rung, result: words(one, text) }));
  return [
    text("reportHead"), "", text(sumOf(all)), "",
    text("reportWhen", { when }), text("reportFrom", { page }), text("reportBrowser", { browser }), "",
    ...results, "", ...toOpen(all, text),
  ].join("\n");
}

/** @param {Probed} one @param {import("../texts.js").Texts} text */
export function words({ result, ms }, text) {
  return text(result, { ms: ms ?? 0 });
}

/** @param {Probed[]} all @param {import("../texts.js").Texts} text */
function toOpen(all, text) {
  const closed = all.filter(({ result, addresses }) => result === "fails" && addresses.length);
  if (!closed.length) return sumOf(all) === "sumNone" ? [] : [text("reportNothing")];
  const lines = RUNGS.flatMap((rung) => closed.filter((one) => one.rung === rung)).flatMap(({ rung, addresses }) =>
    addresses.map((one) => {
      const [address = "", port = ""] = one.split(" ");
      return `- ${text(OPEN[rung], { address, port })}`;
    }),
  );
  return [text("reportOpen"), ...lines];
}
