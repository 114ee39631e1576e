// A peer on libdatachannel, the stack of OBS: node datachannel.mjs publish|watch MODULE
// Says its offer as one JSON line, hears the answer as one, then says once a second what happened.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [what, from] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${from}/`));
const { default: library } = await import(pathToFileURL(require.resolve("node-datachannel")));

const VP8 = 96;
const SSRC = 4242;
const FRAME_MS = 33;
const KEY_EVERY = 30;
const KEY_HEAD = Buffer.from([0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01]);
const DELTA_HEAD = Buffer.from([0x11, 0x02, 0x00]);

const say = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);
const peer = new library.PeerConnection("peer", {
  iceServers: [],
  bindAddress: "127.0.0.1",
  disableAutoNegotiation: true,
});
const counts = { state: "new", sent: 0, received: 0, feedback: 0, keys: 0 };
peer.onStateChange((state) => { counts.state = state; });
peer.onGatheringStateChange((state) => {
  if (state === "complete") say({ offer: peer.localDescription().sdp });
});

const video = new library.Video("video", what === "publish" ? "SendOnly" : "RecvOnly");
video.addVP8Codec(VP8);
if (what === "publish") video.addSSRC(SSRC, "obs", "obs", "picture");
const track = peer.addTrack(video);

/** @param {Buffer} packet */
function received(packet) {
  if (packet[1] >= 192 && packet[1] < 224) {
    counts.feedback += 1;
    return;
  }
  counts.received += 1;
  const payload = packet.subarray(12 + 4 * (packet[0] & 15) + extension(packet));
  let at = 1;
  if (payload[0] & 0x80) {
    const more = payload[at++];
    if (more & 0x80) at += payload[at] & 0x80 ? 2 : 1;
    at += (more >> 6 & 1) + (more & 0x30 ? 1 : 0);
  }
  if (payload[0] & 0x10 && !(payload[at] & 1)) counts.keys += 1;
}

/** @param {Buffer} packet */
const extension = (packet) => (packet[0] & 0x10 ? 4 + 4 * packet.readUInt16BE(14) : 0);

let sequence = 1000;
let frame = 0;
function sendFrame() {
  const head = frame % KEY_EVERY === 0 ? KEY_HEAD : DELTA_HEAD;
  for (const part of [0, 1]) {
    const packet = Buffer.alloc(12 + 1 + head.length + 900, 0x55);
    packet[0] = 0x80;
    packet[1] = VP8 | (part << 7);
    packet.writeUInt16BE(sequence++ & 0xffff, 2);
    packet.writeUInt32BE((frame * 3000) >>> 0, 4);
    packet.writeUInt32BE(SSRC, 8);
    packet[12] = part === 0 ? 0x10 : 0x00;
    head.copy(packet, 13);
    if (track.sendMessageBinary(packet)) counts.sent += 1;
  }
  frame += 1;
}

track.onMessage(received);
track.onOpen(() => { if (what === "publish") setInterval(sendFrame, FRAME_MS); });
createInterface({ input: process.stdin }).on("line", (line) => {
  peer.setRemoteDescription(JSON.parse(line).answer, "answer");
}).on("close", () => {
  peer.close();
  library.cleanup();
  process.exit(0);
});
setInterval(() => say(counts), 200);
peer.setLocalDescription("offer");
