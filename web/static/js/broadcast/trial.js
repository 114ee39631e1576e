/** A presenter's own connection, tried before she goes live: the way to the stage, and how much gets up. */

import { probe, relays } from "../check/probe.js";
import { comesUp } from "../stage/comes_up.js";
import { Refused, offer } from "../stage/whip.js";
import { newUuid } from "../uuid.js";
import { judgeUplink, uplinkOf } from "./uplink.js";
import { encodings } from "./wishes.js";

// The browser feels its way up in this time.
const LENGTH_MS = 6000;
const COMES_MS = 4000;
// A whole school of presenters who test at once; whoever still waits then knows at least that the stage is reached.
const MOST_WAIT_MS = 180_000;
const WIDTH = 1280;
const HEIGHT = 720;
const FRAMES_PER_S = 25;
// As many coloured squares as keep an encoder busy like a workshop does.
const SQUARE = 40;
/** @type {Record<string, string>} */
const KEYS = { good: "testGood", fair: "testFair", sound: "testSound", poor: "testSound" };

/** @param {(place: number) => void} waits told how many turns it is away, while others test @returns {Promise<{key: string, way: string}>} keys of the words */
export async function tryConnection(waits) {
  const servers = await relays();
  for (const rung of /** @type {const} */ (["udp", "tcp", "turn"])) {
    const { result } = await probe(rung, servers);
    if (result !== "works") continue;
    return { key: KEYS[(await sendTest(rung === "turn" ? servers : [], waits)) ?? ""] ?? "testReached", way: rung };
  }
  return { key: "testFailed", way: "udp" };
}

/**
 * Sends a moving picture to a place where nobody looks. null where that is not possible.
 * @param {RTCIceServer[]} relay @param {(place: number) => void} waits
 */
async function sendTest(relay, waits) {
  const picture = movingPicture();
  const peer = new RTCPeerConnection({ iceServers: relay, iceTransportPolicy: relay.length ? "relay" : "all" });
  /** @type {import("../stage/whip.js").Resource | null} */
  let resource = null;
  try {
    const sendEncodings = encodings("camera");
    peer.addTransceiver(picture.track, { direction: "sendonly", sendEncodings });
    resource = await inTurn(waits, (ticket) => offer(peer, `/check/whip?ticket=${ticket}`, relay.length > 0));
    picture.begin();
    if (!(await comesUp(peer, COMES_MS))) return null;
    await new Promise((done) => setTimeout(done, LENGTH_MS));
    return judgeUplink(uplinkOf((await peer.getStats()).values()));
  } catch {
    return null;
  } finally {
    picture.end();
    if (resource) resource.remove();
    else peer.close();
  }
}

/**
 * Asks until it is this page's turn.
 * @template T @param {(place: number) => void} waits @param {(ticket: string) => Promise<T>} ask @returns {Promise<T>}
 */
async function inTurn(waits, ask) {
  const ticket = newUuid();
  const until = performance.now() + MOST_WAIT_MS;
  for (;;) {
    try {
      return await ask(ticket);
    } catch (error) {
      const place = error instanceof Refused ? error.told.place : undefined;
      if (!(error instanceof Refused) || !place || performance.now() > until) throw error;
      waits(place);
      await new Promise((done) => setTimeout(done, error.after_s * 1000));
    }
  }
}

function movingPicture() {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = canvas.getContext("2d");
  const draw = () => {
    for (let i = 0; pen && i < 60; i++) {
      pen.fillStyle = `hsl(${Math.random() * 360} 60% 50%)`;
      pen.fillRect(Math.random() * WIDTH, Math.random() * HEIGHT, SQUARE, SQUARE);
    }
  };
  let timer = 0;
  const [track] = canvas.captureStream(FRAMES_PER_S).getVideoTracks();
  if (!track) throw new Error("A canvas always has a picture.");
  // Nothing is drawn while others test.
  const begin = () => (timer = setInterval(draw, 1000 / FRAMES_PER_S));
  const end = () => {
    clearInterval(timer);
    track.stop();
  };
  return { track, begin, end };
}
