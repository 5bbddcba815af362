// What people do with an alert: who takes it on, and whether it was a false one.

import { fill, h } from "./dom.js";
import { current, find, t } from "../store/i18n.js";
import { me, send } from "../store/session.js";

/** @typedef {import("../store/picture.js").Alert} Alert */

/** @type {{person_id: string | null, roles: string[]}} */
let own = { person_id: null, roles: [] };
/** @type {({id: string, ja: string} & Record<string, string>)[]} */
let reasons = [];

/**
 * Learns who is here, and the reasons; calls `changed` when the rows can be drawn.
 * @param {() => void} changed
 */
export async function start(changed) {
  own = (await me().catch(() => null)) ?? own;
  try {
    const answer = await fetch("/api/false-alarm-reasons");
    if (answer.ok) reasons = await answer.json();
  } catch { /* the rows stay without reasons until the page is opened again */ }
  changed();
}

/** Whether a person of this page may press at all; a display on a wall only shows. */
export const presses = () => own.person_id !== null && own.roles.includes("supervisor");

/** Whether the server can be reached; without it no mark arrives anywhere. */
let linked = false;

/**
 * Takes note of the connection: the buttons are drawn again with the page.
 * @param {boolean} there
 */
export function follow(there) {
  linked = there;
}

/** Who looks at the page, as the end of a call asks it. */
export const viewer = () => ({ person_id: own.person_id, supervises: presses() });

/**
 * Whether a claim or a note is of the person who is signed in here.
 * @param {{person_id: string | null}} mark
 */
export const isOwn = (mark) => mark.person_id === own.person_id;

/** @param {string} reason */
const wordOf = (reason) => reasons.find((each) => each.id === reason)?.[current()] ?? reason;

/**
 * Something that differs whenever the row of an alert looks different.
 * @param {Alert} alert
 */
export const marksKey = (alert) => [alert.claim, alert.false_alarm, own.person_id, linked, reasons.length, choosing.has(alert.alert_id), failed.get(alert.alert_id)];

/** @type {Set<string>} alerts whose reasons are shown */
const choosing = new Set();
/** @type {Map<string, string>} alert → reason why the last press here did nothing */
const failed = new Map();

/**
 * The row of an alert on a card. What a press comes to is seen in the next picture; only a failure is shown at once.
 * @param {Alert} alert
 * @param {() => void} redraw draws the card again
 * @returns {HTMLElement}
 */
export function marksRow(alert, redraw) {
  const row = h("div", { class: "marks" }, ...claimParts(alert, redraw), ...falseParts(alert, redraw));
  const fault = failed.get(alert.alert_id);
  if (fault) row.append(h("span", { class: "mark-fault", role: "status" }, faultText(fault)));
  return row;
}

/** @param {string} fault */
const faultText = (fault) => find(`reason.${fault}`) ?? fault;

/**
 * The button that takes on all open alerts of a call, or lets them go again; null where there is nothing to take on.
 * @param {Alert[]} alerts
 * @param {() => void} redraw
 * @returns {HTMLElement | null}
 */
export function claimButton(alerts, redraw) {
  if (!presses() || !alerts.length) return null;
  const free = alerts.filter((alert) => !alert.claim);
  const mine = alerts.filter((alert) => alert.claim && isOwn(alert.claim));
  if (!free.length && !mine.length) return null;
  const path = free.length ? "claim" : "release";
  const marked = free.length ? free : mine;
  const fault = marked.map(({ alert_id: id }) => failed.get(id)).find(Boolean);
  const made = h("button", { type: "button", class: "quiet", dataset: { mark: path }, disabled: !linked, title: fault ? faultText(fault) : null }, t(fault ? "mark.again" : `mark.${path}`, { mark: t(`mark.${path}`) }));
  made.addEventListener("click", () => once(made, redraw, async () => { for (const { alert_id: id } of marked) await sent(id, path); }));
  return made;
}

/**
 * Fills an element with marks, as `fill` does; where a button of theirs had the focus, the same one gets it, else the first of
 * the same alert.
 * @param {Element} element
 * @param {unknown} key
 * @param {() => import("./dom.js").Child[]} build
 */
export function fillMarks(element, key, build) {
  const { activeElement } = document;
  const focused = activeElement instanceof HTMLElement && element.contains(activeElement) ? activeElement : null;
  const part = focused?.dataset.mark ?? focused?.dataset.part;
  const alertId = focused?.closest("[data-alert]")?.getAttribute("data-alert");
  if (!fill(element, key, build) || !part) return;
  const place = !alertId || element.getAttribute("data-alert") === alertId ? element : element.querySelector(`[data-alert="${CSS.escape(alertId)}"]`);
  /** @type {HTMLElement | null | undefined} */ (place?.querySelector(`:is([data-mark="${part}"], [data-part="${part}"])`) ?? place?.querySelector("[data-mark]"))?.focus({ preventScroll: true });
}

/**
 * The button by which a person keeps for themselves that they have gone through an alert; null for whoever is no person.
 * @param {Alert} alert
 * @param {boolean} reviewed
 * @param {() => void} redraw
 * @returns {HTMLElement | null}
 */
export function reviewButton({ alert_id: id }, reviewed, redraw) {
  if (!presses()) return null;
  const made = h("button", { type: "button", class: "quiet reviewed", "aria-pressed": String(reviewed), dataset: { part: "reviewed" }, disabled: !linked }, t(reviewed ? "inbox.reviewed" : "inbox.review"));
  made.addEventListener("click", () => once(made, redraw, () => sent(id, reviewed ? "review/undo" : "review")));
  return made;
}

/**
 * Does what a press asks for, unless its button is busy with the last one. The button stays enabled meanwhile: a disabled
 * one loses the focus.
 * @param {HTMLButtonElement} made
 * @param {() => void} redraw
 * @param {() => Promise<void>} act
 */
async function once(made, redraw, act) {
  if (made.ariaBusy === "true") return;
  made.ariaBusy = "true";
  await act();
  made.ariaBusy = null;
  redraw();
}

/**
 * Sends a press on an alert, and keeps why it did nothing.
 * @param {string} alertId
 * @param {string} path
 * @param {object} [body]
 */
async function sent(alertId, path, body) {
  const answer = await send(`/api/alerts/${encodeURIComponent(alertId)}/${path}`, body);
  if (answer.ok) failed.delete(alertId);
  else failed.set(alertId, answer.reason ?? "network");
}

/** @type {(alert: Alert, redraw: () => void) => HTMLElement[]} */
function claimParts(alert, redraw) {
  const { claim } = alert;
  const mine = claim ? isOwn(claim) : false;
  const parts = [];
  if (claim) parts.push(h("strong", { class: "claimed", dataset: { own: mine ? "yes" : "no" } }, t(mine ? "mark.claimed_own" : "mark.claimed", { name: claim.name })));
  if (alert.state === "closed") return [];
  if (presses() && !claim) parts.push(button(alert, redraw, "mark.claim", "claim"));
  if (presses() && claim && mine) parts.push(button(alert, redraw, "mark.release", "release"));
  return parts;
}

/** @type {(alert: Alert, redraw: () => void) => HTMLElement[]} */
function falseParts(alert, redraw) {
  const mark = alert.false_alarm;
  if (mark) {
    const text = h("span", { class: "false" }, t("mark.false", { reason: wordOf(mark.reason), name: mark.name }));
    return presses() ? [text, button(alert, redraw, "mark.undo", "false/undo")] : [text];
  }
  if (!presses() || !reasons.length) return [];
  const shown = choosing.has(alert.alert_id);
  const opener = h("button", { type: "button", class: "quiet", "aria-expanded": String(shown), dataset: { mark: "reasons" }, disabled: !linked, onclick: () => { toggle(alert.alert_id, !shown); redraw(); } }, t("mark.is_false"));
  if (!shown) return [opener];
  const taps = reasons.map((each) => button(alert, redraw, "", "false", { reason: each.id }, each[current()] ?? each.ja));
  return [opener, h("div", { class: "reasons", role: "group", "aria-label": t("mark.why_false") }, ...taps)];
}

/** @type {(alertId: string, shown: boolean) => void} */
function toggle(alertId, shown) {
  if (shown) choosing.add(alertId);
  else choosing.delete(alertId);
}

/** @type {(alert: Alert, redraw: () => void, key: string, path: string, body?: object, text?: string) => HTMLElement} */
function button(alert, redraw, key, path, body = {}, text = t(key)) {
  const made = h("button", { type: "button", class: path === "claim" ? "secondary" : "quiet", dataset: { mark: path }, disabled: !linked }, text);
  made.addEventListener("click", () => once(made, redraw, async () => {
    await sent(alert.alert_id, path, body);
    toggle(alert.alert_id, false);
  }));
  return made;
}
