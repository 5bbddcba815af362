// Calls as the slots of the supervisor's page see them. Lane and order are the server's.

import { isHelp } from "./rank.js";

/**
 * @param {any} picture
 * @param {string} callId
 * @returns {boolean} whether the operator of a call asks for help
 */
const asksForHelp = (picture, callId) => picture.alertsOf(callId).some(isHelp);

/**
 * @param {any} picture
 * @param {any} call
 * @returns {import("./slots.js").SlotCall}
 */
export function slotCall(picture, call) {
  const wants = call.lane === "attention";
  const alerted = picture.alertsOf(call.call_id).length > 0 || call.returned;
  return {
    callId: call.call_id,
    order: call.order,
    wants,
    keeps: wants || (alerted && call.lane !== "taken"),
    help: asksForHelp(picture, call.call_id),
  };
}

/**
 * @param {any} picture
 * @param {any[]} urgent its calls that need a decision now
 * @returns {any} the call that needs a decision most; one that a press reaches before one of which nothing arrives
 */
export const mostUrgent = (picture, urgent = urgentCalls(picture)) => urgent.find((call) => picture.usable(call)) ?? urgent[0];

/**
 * @param {any} picture
 * @returns {any[]} calls that need a decision now, the most urgent first
 */
export const urgentCalls = (picture) => picture.inOrder().map((/** @type {string} */ callId) => picture.calls[callId]).filter((/** @type {any} */ call) => call?.lane === "attention");
