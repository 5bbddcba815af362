// A page that is no live page: it is left as soon as the session is over, or its roles may not see it any more.

import { me, toLogin } from "../store/session.js";

const EVERY_MS = 1000;

/**
 * Leaves the page when the person's roles are others now: the server decides anew whether they may see it.
 * @param {() => void} [hide] takes away what is shown, at once
 */
export async function watchRights(hide = () => {}) {
  let roles = "";
  setInterval(async () => {
    const person = await me().catch(() => undefined);
    if (person === undefined) return; // the server is away
    const now = person === null ? "" : JSON.stringify([person.roles, person.teams]);
    if (person !== null && (roles === "" || roles === now)) {
      roles = now;
      return;
    }
    hide();
    if (person === null) toLogin();
    else location.reload();
  }, EVERY_MS);
}
