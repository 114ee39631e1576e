/** A presenter's own connection, tried before she goes live: the way to the stage, and how much gets up. */

import { probe, relays } from "../check/probe.js";
import { comesUp } from "../stage/comes_up.js";
import { offer } from "../stage/whip.js";
import { judgeUplink, uplinkOf } from "./uplink.js";
import { encodings } from "./wishes.js";

// The browser feels its way up in this time.
const LENGTH_MS = 6000;
const COMES_MS = 4000;
const WIDTH = 1280;
const HEIGHT = 720;
const FRAMES_PER_S = 25;
// As many coloured squares as keep an encoder busy like a workshop does.
const SQUARE = 40;
/** @type {Record<string, string>} */
const KEYS = { good: "testGood", fair: "testFair", sound: "testSound", poor: "testSound" };

/** @returns {Promise<{key: string, way: string}>} keys of the words */
export async function tryConnection() {
  const servers = await relays();
  for (const rung of /** @type {const} */ (["udp", "tcp", "turn"])) {
    const { result } = await probe(rung, servers);
    if (result !== "works") continue;
    return { key: KEYS[(await sendTest(rung === "turn" ? servers : [])) ?? ""] ?? "testReached", way: rung };
  }
  return { key: "testFailed", way: "udp" };
}

/**
 * Sends a moving picture to a place where nobody looks. null where that is not possible.
 * @param {RTCIceServer[]} relay
 */
async function sendTest(relay) {
  const picture = movingPicture();
  const peer = new RTCPeerConnection({ iceServers: relay, iceTransportPolicy: relay.length ? "relay" : "all" });
  try {
    const sendEncodings = encodings("camera");
    peer.addTransceiver(picture.track, { direction: "sendonly", sendEncodings });
    const resource = await offer(peer, "/check/whip", relay.length > 0);
    if (!(await comesUp(peer, COMES_MS))) return null;
    await new Promise((done) => setTimeout(done, LENGTH_MS));
    const quality = judgeUplink(uplinkOf((await peer.getStats()).values()));
    resource.remove();
    return quality;
  } catch {
    return null;
  } finally {
    picture.end();
    peer.close();
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
  const timer = setInterval(draw, 1000 / FRAMES_PER_S);
  const [track] = canvas.captureStream(FRAMES_PER_S).getVideoTracks();
  if (!track) throw new Error("A canvas always has a picture.");
  const end = () => {
    clearInterval(timer);
    track.stop();
  };
  return { track, end };
}
