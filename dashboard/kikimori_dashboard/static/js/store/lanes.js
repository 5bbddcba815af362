// Where a call stands on the supervisor's page, and before whom.

import { TRANSFERS, pressState } from "./press.js";

/** @type {Record<string, number>} */
const RANK = { critical: 3, warning: 2, notice: 1 };
const NEEDS_DECISION = 2; // urgency from which a call needs a decision

/**
 * @param {any} picture
 * @param {any} call
 * @returns {"attention" | "held" | "ringing" | "taken" | "calm"} the server's word, else by the call's state
 */
export function laneOf(picture, call) {
  if (call.lane) return call.lane;
  if (call.urgency >= NEEDS_DECISION) return "attention";
  if (call.status === "transferred") return "taken";
  if (call.status === "on_hold") return TRANSFERS.includes(pressState(picture.commands[call.call_id]?.move)?.doing ?? "") ? "ringing" : "held";
  return "calm";
}

/**
 * @param {any} picture
 * @param {any} call
 * @returns {string} sorts ascending: needs a decision most
 */
export function orderOf(picture, call) {
  if (call.order) return call.order;
  const since = picture.alertsOf(call.call_id)[0]?.raised_at ?? call.started_at;
  const rank = call.severity ? RANK[call.severity] ?? RANK.warning : 0;
  return `${9 - call.urgency}${9 - rank} ${since} ${call.call_id}`;
}

/**
 * @param {any} picture
 * @param {string} callId
 * @returns {boolean} whether the operator of a call asks for help
 */
export const asksForHelp = (picture, callId) => picture.alertsOf(callId).some((/** @type {any} */ alert) => alert.rule_kind === "escalate");

/**
 * @param {any} picture
 * @param {any} call
 * @returns {import("./slots.js").SlotCall}
 */
export function slotCall(picture, call) {
  const lane = laneOf(picture, call);
  const alerted = picture.alertsOf(call.call_id).length > 0 || call.returned;
  return {
    callId: call.call_id,
    order: orderOf(picture, call),
    wants: lane === "attention",
    keeps: lane === "attention" || (alerted && lane !== "taken"),
    help: asksForHelp(picture, call.call_id),
  };
}

/**
 * @param {any} picture
 * @returns {any[]} calls that need a decision now, the most urgent first
 */
export const urgentCalls = (picture) => Object.values(picture.calls)
  .filter((call) => laneOf(picture, call) === "attention")
  .sort((a, b) => (orderOf(picture, a) < orderOf(picture, b) ? -1 : 1));
