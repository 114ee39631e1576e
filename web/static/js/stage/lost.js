/** A page that is not ours any more (signed out, seat ended, room gone) is loaded anew, and says so then. */

import { reload } from "./reload.js";

const LOST = [401, 403, 404, 410];

/** Where the network is what is wrong, nothing happens. */
export async function leaveIfLost() {
  const answer = await fetch(location.href).catch(() => null);
  if (answer && (answer.redirected || LOST.includes(answer.status))) reload();
}
