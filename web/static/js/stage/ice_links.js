/** Relays as a WHIP server names them: `<turns:host:443>; rel="ice-server"; username="…"; credential="…"`. Pure. */

/** @param {string | null} header of `Link` @returns {RTCIceServer[]} */
export function iceLinks(header) {
  const links = (header ?? "").matchAll(/<([^>]+)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^",;\s]+))*)/g);
  /** @type {RTCIceServer[]} */
  const servers = [];
  for (const [, urls = "", rest = ""] of links) {
    const values = Object.fromEntries([...rest.matchAll(/;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",;\s]+))/g)].map(
      ([, name = "", quoted, plain]) => [name.toLowerCase(), quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1")],
    ));
    if (values.rel === "ice-server") servers.push({ urls, username: values.username, credential: values.credential });
  }
  return servers;
}
