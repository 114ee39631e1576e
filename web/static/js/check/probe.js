/** Tries one way to the stage on its own: as far as the keys are agreed, without any picture. */

import { comesUp } from "../stage/comes_up.js";
import { iceLinks } from "../stage/ice_links.js";
import { Refused, offer } from "../stage/whip.js";

/** @typedef {"udp" | "tcp" | "turn"} Rung */
/**
 * ms: until it worked, or null · addresses: what had to be reached, "address port".
 * @typedef {{rung: Rung, result: "works" | "fails" | "absent" | "busy" | "unreachable", ms: number | null, addresses: string[]}} Probed
 */

const ADDRESS = "/check/whep";
// A way that needs longer is none for a lesson.
const WITHIN_MS = 6000;
const BUSY = [429, 503];

/** The relays of this Porthole, with passwords for a moment. @returns {Promise<RTCIceServer[]>} */
export async function relays() {
  const answer = await fetch(ADDRESS, { method: "OPTIONS" }).catch(() => null);
  return iceLinks(answer?.headers.get("Link") ?? null);
}

/** @param {Rung} rung @param {RTCIceServer[]} servers @returns {Promise<Probed>} */
export async function probe(rung, servers) {
  const isRelayed = rung === "turn";
  if (isRelayed && !servers.length) return { rung, result: "absent", ms: null, addresses: [] };
  const began = performance.now();
  const peer = new RTCPeerConnection({
    bundlePolicy: "max-bundle",
    iceServers: isRelayed ? servers : [],
    iceTransportPolicy: isRelayed ? "relay" : "all",
  });
  peer.addTransceiver("video", { direction: "recvonly" });
  try {
    const resource = await offer(peer, `${ADDRESS}?rung=${rung}`, isRelayed);
    const isUp = await comesUp(peer, WITHIN_MS - (performance.now() - began));
    const ms = isUp ? Math.round(performance.now() - began) : null;
    resource.remove();
    const addresses = isRelayed ? relayAddresses(servers) : addressesIn(peer.remoteDescription?.sdp ?? "", rung);
    return { rung, result: isUp ? "works" : "fails", ms, addresses };
  } catch (error) {
    const status = error instanceof Refused ? error.status : 0;
    return { rung, result: BUSY.includes(status) ? "busy" : "unreachable", ms: null, addresses: [] };
  } finally {
    peer.close();
  }
}

/** "203.0.113.4 7900" for each candidate of a kind. @param {string} sdp @param {Rung} rung */
export function addressesIn(sdp, rung) {
  const found = [...sdp.matchAll(/^a=candidate:\S+ \d+ (\S+) \d+ (\S+) (\d+) /gm)]
    .filter(([, protocol = ""]) => protocol.toLowerCase() === rung)
    .map(([, , address, port]) => `${address} ${port}`);
  return [...new Set(found)];
}

/** @param {RTCIceServer[]} servers */
export function relayAddresses(servers) {
  const urls = servers.flatMap(({ urls }) => urls);
  const found = urls.map((url) => /^turns?:(\[[^\]]+\]|[^:?]+)(?::(\d+))?/.exec(url)).filter((one) => one !== null);
  return [...new Set(found.map(([url, host, port]) => `${host} ${port ?? (url.startsWith("turns") ? 5349 : 3478)}`))];
}
