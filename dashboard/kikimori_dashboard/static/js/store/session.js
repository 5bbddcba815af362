// Who is signed in here, and the way out.

import { find, t } from "./i18n.js";

/** What the server's close code means for a socket: the session is over, or its rights are others now. */
export const SESSION_OVER = 4401;
export const RIGHTS_CHANGED = 4403;

/** Asks who is signed in: {name, roles, extensions, …}; null where nobody is. Rejects while the server is away. */
export async function me() {
  const answer = await fetch("/api/me", { cache: "no-store" });
  if (answer.status === 401) return null;
  if (!answer.ok) throw new Error(`session: ${answer.status}`);
  return answer.json();
}

/** Goes to the login page, and from there back to this one. */
export function toLogin() {
  location.replace(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Sends a JSON body; resolves to {ok, status, …answer}, and never rejects: `reason` is "network" then. */
export const send = (path, body = {}) =>
  answered(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** Asks for what the server has now; resolves as `send` does. */
export const load = (path) => answered(path, { cache: "no-store" });

/**
 * @param {string} path
 * @param {RequestInit} request
 */
async function answered(path, request) {
  try {
    const answer = await fetch(path, request);
    return { ok: answer.ok, status: answer.status, ...(await answer.json()) };
  } catch {
    return { ok: false, status: 0, reason: "network" };
  }
}

/** The text for a refusal. */
export const refused = ({ reason, wait_s: seconds }) => find(`login.${reason}`, { seconds }) ?? t("login.failed", { reason: reason ?? "" });

/** The page within this site to which `?next=` leads; `otherwise` where there is none. */
export function next(otherwise) {
  const wanted = new URLSearchParams(location.search).get("next") ?? "";
  return /^\/(?![/\\])/.test(wanted) && !/^\/(login|first)\b/.test(wanted) ? wanted : otherwise;
}

export async function signOut(everywhere = false) {
  await send(everywhere ? "/api/logout/everywhere" : "/api/logout");
  location.replace("/login");
}
