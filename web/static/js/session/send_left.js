/**
 * On the pages a device comes back to after a lesson without network: sends what it watched then. Each session's
 * own cookie goes with its own address, so that an earlier lesson's is sent as that lesson's.
 */

import { Beats } from "./beats.js";
import { sessionsLeft } from "./kept.js";

for (const session of await sessionsLeft()) void new Beats(session).sendLeft();
