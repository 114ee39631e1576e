/**
 * One resource of WHIP (RFC 9725) or WHEP at the server: offer out, answer in; new addresses by PATCH; gone
 * by DELETE, also from a page that is being left.
 */

const SDP = "application/sdp";
const FRAGMENT = "application/trickle-ice-sdpfrag";
// Only the relay's own address must be told: the stage sees all others by who knocks. A relay answers sooner.
const GATHER_MS = 1000;
// A server that is being started anew.
const ANSWER_MS = 5000;
// A goodbye takes a moment; a connection that nobody wants any more is not kept for longer.
const GOODBYE_MS = 500;

/** The server said no. `status` 0: it said nothing. */
export class Refused extends Error {
  /** @param {number} status @param {number} after_s when to ask again; 0: not told @param {any} told what it said */
  constructor(status, after_s = 0, told = {}) {
    super(`The stage answered ${status}.`);
    this.status = status;
    this.after_s = after_s;
    this.told = told;
  }
}

/**
 * Offers what `peer` holds, and gives it the answer.
 * @param {RTCPeerConnection} peer
 * @param {string} url
 * @param {boolean} isRelayed waits until the relay's address stands in the offer
 * @returns {Promise<Resource>} @throws {Refused}
 */
export async function offer(peer, url, isRelayed) {
  await peer.setLocalDescription(await peer.createOffer());
  if (isRelayed) await gathered(peer);
  const answer = await ask(url, "POST", SDP, peer.localDescription?.sdp ?? "");
  const text = await answer.text();
  const at = new URL(answer.headers.get("Location") ?? "", answer.url);
  const resource = new Resource(peer, at.href, answer.headers.get("ETag") ?? "*");
  try {
    await peer.setRemoteDescription({ type: "answer", sdp: text });
  } catch (error) {
    resource.remove();
    throw error;
  }
  return resource;
}

export class Resource {
  /** @param {RTCPeerConnection} peer @param {string} url @param {string} etag */
  constructor(peer, url, etag) {
    this.peer = peer;
    this.url = url;
    this.etag = etag;
  }

  /** The network changed under us: new addresses for the same pictures. @throws {Refused} */
  async restartIce() {
    const { peer } = this;
    await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }));
    if (peer.getConfiguration().iceTransportPolicy === "relay") await gathered(peer);
    const body = fragmentOf(peer.localDescription?.sdp ?? "");
    // RFC 9725 4.3.3: a restart matches whatever is there.
    const answer = await ask(this.url, "PATCH", FRAGMENT, body, { "If-Match": "*" });
    this.etag = answer.headers.get("ETag") ?? this.etag;
    const sdp = renewed(peer.remoteDescription?.sdp ?? "", await answer.text());
    await peer.setRemoteDescription({ type: "answer", sdp });
  }

  /** Says goodbye, also while the page is left, and closes the connection after it: it would end what is asked for. */
  remove() {
    const said = fetch(this.url, { method: "DELETE", keepalive: true }).catch(() => {});
    const late = new Promise((done) => setTimeout(done, GOODBYE_MS));
    void Promise.race([said, late]).then(() => this.peer.close());
  }
}

/**
 * @param {string} url @param {string} method @param {string} type @param {string} body
 * @param {Record<string, string>} [more]
 */
async function ask(url, method, type, body, more = {}) {
  const headers = { "Content-Type": type, ...more };
  const signal = AbortSignal.timeout(ANSWER_MS);
  const answer = await fetch(url, { method, headers, body, signal }).catch(() => null);
  if (!answer) throw new Refused(0);
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, Number(answer.headers.get("Retry-After")) || 0, told);
}

/** @param {RTCPeerConnection} peer @returns {Promise<void>} */
function gathered(peer) {
  return new Promise((done) => {
    const timer = setTimeout(done, GATHER_MS);
    const look = () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      done();
    };
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
}

/** What a PATCH carries (RFC 8840): the new name and password, and the addresses. @param {string} sdp */
export function fragmentOf(sdp) {
  const lines = sdp.split(/\r?\n/);
  const first = (/** @type {string} */ start) => lines.find((line) => line.startsWith(start));
  const kept = ["a=ice-ufrag:", "a=ice-pwd:"].map(first);
  const media = [first("m="), first("a=mid:"), ...new Set(lines.filter((line) => line.startsWith("a=candidate:")))];
  return [...kept, ...media].filter((line) => line !== undefined).map((line) => `${line}\r\n`).join("");
}

/**
 * The old answer with the new name, password and addresses of the server.
 * @param {string} sdp @param {string} fragment
 */
export function renewed(sdp, fragment) {
  const said = fragment.split(/\r?\n/);
  const news = ["a=ice-ufrag:", "a=ice-pwd:"].map((start) => [start, said.find((line) => line.startsWith(start))]);
  const addresses = said.filter((line) => line.startsWith("a=candidate:"));
  const [head = "", ...media] = sdp.split(/(?=^m=)/m);
  const parts = media.map((part, i) => withAddresses(part, i === 0 ? addresses : []));
  let text = [head, ...parts].join("");
  for (const [start, line] of news) {
    if (line) text = text.replace(new RegExp(`^${start}.*$`, "gm"), line);
  }
  return text;
}

/** @param {string} part of an answer, from its m-line on @param {string[]} addresses */
function withAddresses(part, addresses) {
  if (!addresses.length) return part;
  const kept = part.split(/\r?\n/).filter((line) => line && !line.startsWith("a=candidate:"));
  const end = kept.indexOf("a=end-of-candidates");
  kept.splice(end < 0 ? kept.length : end, 0, ...addresses);
  return kept.map((line) => `${line}\r\n`).join("");
}
