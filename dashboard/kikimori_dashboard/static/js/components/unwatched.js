// Calls that nobody watches at the moment: what is known of them, and what can be done.

import { t, timeOfDay, word } from "../store/i18n.js";
import { UNKNOWN, look, shape } from "./severity.js";

/**
 * @typedef {import("../store/picture.js").Picture} Picture
 * @typedef {import("../store/picture.js").Call} Call
 */

/**
 * Whether all that is shown of a call may be past, and no press reaches it.
 * @param {Picture} picture
 * @param {Call} call
 */
export const outOfReach = (picture, call) => call.status !== "ended" && !picture.usable(call);

/**
 * How the severity of a call is shown. Sign and word do not call calm what is not heard.
 * @param {Picture} picture
 * @param {Call} call
 */
export function shownSeverity(picture, call) {
  const severity = call.severity ?? "calm";
  const known = call.severity !== null || !outOfReach(picture, call);
  return { look: look(severity), sign: known ? shape(severity) : UNKNOWN, word: known ? word("severity", severity) : t("severity.unknown") };
}

/**
 * Why a call is not watched, and what to do; "" while it is watched.
 * @param {Picture} picture
 * @param {Call} call
 */
export function unwatched(picture, call) {
  if (call.status === "ended") return "";
  if (outOfReach(picture, call)) {
    const until = picture.heardUntil(call);
    return until === null ? t("call.stale") : t("call.stale_since", { time: timeOfDay(until) });
  }
  return call.unconfirmed ? t("call.unconfirmed") : call.judging_failed ? t("fault.call") : "";
}

/**
 * The same in a word or two, for a row; "" while the call is watched.
 * @param {Picture} picture
 * @param {Call} call
 */
export function unwatchedShort(picture, call) {
  if (outOfReach(picture, call)) return t("row.stale");
  return call.unconfirmed ? t("row.unconfirmed") : call.judging_failed ? t("row.unjudged") : "";
}
