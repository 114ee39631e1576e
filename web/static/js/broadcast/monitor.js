/** What viewers see, as it comes back from the stage: small, without sound, while it is unfolded. */

import { must } from "../elements.js";
import { Watch } from "../stage/watch.js";
import { Pictures } from "../viewer/pictures.js";

/**
 * @param {HTMLElement} root @param {string} room @param {import("../stage/room_socket.js").RoomSocket} socket
 * @param {import("../texts.js").Texts} text @param {() => RTCIceServer[]} servers
 */
export function mountMonitor(root, room, socket, text, servers) {
  const details = /** @type {HTMLDetailsElement} */ (must(root.querySelector("[data-monitor]")));
  const words = /** @type {HTMLElement} */ (must(root.querySelector("[data-monitor-words]")));
  const place = must(root.querySelector("[data-monitor-pictures]"));
  /** @type {import("../stage/room_socket.js").Track[]} */
  let tracks = [];
  const watch = new Watch(room, () => socket.connection);
  watch.wish = "low";
  const pictures = new Pictures(place, text, () => {});

  const open = () => {
    watch.link.start(servers());
    pictures.show(tracks);
  };
  const close = () => {
    watch.link.stop();
    pictures.show([]);
  };
  const staged = (/** @type {import("../stage/room_socket.js").Stage} */ stage) => {
    tracks = stage.tracks;
    words.hidden = tracks.length > 0;
    if (details.open) pictures.show(tracks);
  };
  details.addEventListener("toggle", () => (details.open ? open() : close()));
  socket.on("stage", staged);
  socket.on("hello", (hello) => staged(hello.stage));
  socket.on("restarted", () => details.open && watch.link.start(servers()));
  watch.on("tracks", ({ video }) => pictures.take(video));
}
