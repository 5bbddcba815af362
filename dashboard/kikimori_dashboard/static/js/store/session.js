// Who is signed in here, and the way out.

import { find, t } from "./i18n.js";

/** What the server's close code means for a socket: the session is over, or its rights are others now. */
export const SESSION_OVER = 4401;
export const RIGHTS_CHANGED = 4403;

/**
 * The answer to a request: what the server sent, with its status. `reason` is the stable code of a refusal.
 * @typedef {{ok: boolean, status: number, reason?: string} & Record<string, any>} Answer
 */

/**
 * Who is signed in. `person_id` is null for an operator's PC, `kiosk_id` for a person.
 * @typedef {object} SignedIn
 * @property {string} name
 * @property {string | null} person_id
 * @property {string | null} kiosk_id
 * @property {string[]} roles
 * @property {string[]} extensions
 * @property {string[]} teams
 * @property {boolean} must_change
 * @property {boolean} must_enroll
 * @property {string} home
 * @property {string[]} pages paths of the pages that they may open
 * @property {string} signed_in_at
 * @property {string} ends_at
 */

/**
 * Asks who is signed in; null where nobody is. Rejects while the server is away.
 * @returns {Promise<SignedIn | null>}
 */
export async function me() {
  const answer = await fetch("/api/me", { cache: "no-store" });
  if (answer.status === 401) return null;
  if (!answer.ok) throw new Error(`session: ${answer.status}`);
  return answer.json();
}

/** Goes to the login page, which says that the session is over, and from there back to this one. */
export function toLogin() {
  location.replace(`/login?over&next=${encodeURIComponent(location.pathname + location.search)}`);
}

/**
 * Sends a JSON body; never rejects: `reason` is "network" then.
 * @param {string} path
 * @param {object} [body]
 */
export const send = (path, body = {}) =>
  answered(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/**
 * Asks for what the server has now; resolves as `send` does.
 * @param {string} path
 */
export const load = (path) => answered(path, { cache: "no-store" });

/**
 * @param {string} path
 * @param {RequestInit} request
 * @returns {Promise<Answer>}
 */
async function answered(path, request) {
  try {
    const answer = await fetch(path, request);
    return { ok: answer.ok, status: answer.status, ...(await answer.json()) };
  } catch {
    return { ok: false, status: 0, reason: "network" };
  }
}

/**
 * The text for a refusal.
 * @param {{reason?: string, wait_s?: number}} answer
 */
export const refused = ({ reason, wait_s: seconds }) => find(`login.${reason}`, { seconds }) ?? t("login.failed", { reason: reason ?? "" });

/**
 * The page within this site to which `?next=` leads; `otherwise` where there is none.
 * @param {string} otherwise
 */
export function next(otherwise) {
  const wanted = new URLSearchParams(location.search).get("next") ?? "";
  return /^\/(?![/\\])/.test(wanted) && !/^\/(login|first)\b/.test(wanted) ? wanted : otherwise;
}

export async function signOut(everywhere = false) {
  await send(everywhere ? "/api/logout/everywhere" : "/api/logout");
  location.replace("/login");
}
