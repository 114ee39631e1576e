/**
 * What a presenter sends from one source: a picture in layers and a voice, or a screen and its sound, over one
 * connection that is kept alive. Tracks may change or go while it stands.
 */

import { Link } from "../stage/link.js";
import { encodings, h264First } from "./wishes.js";

/** @typedef {"camera" | "screen"} Source */
/** @typedef {{video: MediaStreamTrack | null, audio: MediaStreamTrack | null}} Tracks */

const KINDS = /** @type {const} */ (["video", "audio"]);

export class Publication {
  /** @type {Tracks} */
  #tracks = { video: null, audio: null };
  /** Kinds this source ever had: a picture that is hidden keeps its place. */
  #has = { video: false, audio: false };
  /** @type {{video: RTCRtpSender | null, audio: RTCRtpSender | null}} */
  #senders = { video: null, audio: null };

  /** @param {string} room @param {Source} source @param {() => boolean} [isTaken] see Link */
  constructor(room, source, isTaken) {
    this.source = source;
    this.link = new Link(
      () => `/rooms/${room}/whip?source=${source}`,
      (peer) => this.#build(peer),
      isTaken,
    );
  }

  /** Sends these from now on; null sends nothing. @param {Tracks} tracks @param {RTCIceServer[]} servers */
  carry(tracks, servers) {
    this.#tracks = tracks;
    let isNew = false;
    for (const kind of KINDS) {
      const sender = this.#senders[kind];
      this.#has[kind] ||= tracks[kind] !== null;
      if (sender && sender.track !== tracks[kind]) void sender.replaceTrack(tracks[kind]).catch(() => {});
      isNew ||= !sender && tracks[kind] !== null;
    }
    // A camera that comes to a voice alone needs an offer of its own.
    if (isNew && this.link.peer) this.link.start(servers);
  }

  /** Ends it; the next time may carry other kinds. */
  stop() {
    this.link.stop();
    this.#has = { video: false, audio: false };
    this.#senders = { video: null, audio: null };
  }

  /** @param {RTCPeerConnection} peer */
  #build(peer) {
    this.#senders = { video: null, audio: null };
    if (this.#has.audio) {
      this.#senders.audio = peer.addTransceiver(this.#tracks.audio ?? "audio", { direction: "sendonly" }).sender;
    }
    if (!this.#has.video) return;
    const picture = peer.addTransceiver(this.#tracks.video ?? "video", {
      direction: "sendonly",
      sendEncodings: encodings(this.source),
    });
    this.#senders.video = picture.sender;
    try {
      picture.setCodecPreferences(h264First(RTCRtpReceiver.getCapabilities("video")?.codecs ?? []));
    } catch {
      // A browser that does not let us choose sends what it likes best; the stage carries that too.
    }
  }
}
