/** Waits for a connection: reached, and its keys agreed. */

/**
 * @param {RTCPeerConnection} peer @param {number} ms how long at most
 * @returns {Promise<boolean>} whether it is up
 */
export function comesUp(peer, ms) {
  return new Promise((done) => {
    const end = (/** @type {boolean} */ isUp) => {
      clearTimeout(timer);
      peer.removeEventListener("connectionstatechange", look);
      done(isUp);
    };
    const look = () => {
      const state = peer.connectionState;
      if (state === "connected") end(true);
      else if (state === "failed" || state === "closed") end(false);
    };
    const timer = setTimeout(() => end(false), Math.max(0, ms));
    peer.addEventListener("connectionstatechange", look);
    look();
  });
}
