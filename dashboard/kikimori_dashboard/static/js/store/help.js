// How far the help for the operator's own call is, and which situation the operator is in. Reads the picture, changes nothing.

import { TRANSFERS } from "./press.js";

export const STEPS = ["called", "seen", "on_hold", "transferred"];

/**
 * How far the help is: "none", "called", "seen", "on_hold", "transferred".
 * `sent`: pressed on this page and not yet answered.
 */
export function helpState(call, alerts, lanes, sent) {
  if (call.status === "transferred") return "transferred";
  if (call.status === "on_hold") return "on_hold";
  if (lanes.move?.doing) return "seen";
  // Who is alone with the customer again may need the button again.
  if (cameBack(call, alerts, lanes)) return sent ? "called" : "none";
  return sent || lanes.help?.doing || alerts.some((alert) => alert.rule_kind === "escalate") ? "called" : "none";
}

/** Whether the customer is back from hold or from the superior, and nothing has happened since. */
function cameBack(call, alerts, lanes) {
  if (call.returned) return true;
  const result = lanes.move?.result;
  return ["take_back", "unhold"].includes(result?.action) && result.outcome === "done" && alerts.every((alert) => alert.updated_at < result.at);
}

/** Whether the operator is still in the call that a superior has taken over; `move`: the last press that moved the customer. */
export const stays = (call, move) => call.keep_operator !== null && (move?.keep_operator ?? call.keep_operator);

/** Names of the situation, the closest first, as they stand in the files of sentences; and the alert that it comes from. */
export function situation(call, alerts, help, lanes, move) {
  if (help === "transferred") return { names: stays(call, move) ? ["joined"] : [], alert: null };
  if (help === "on_hold") return { names: [], alert: null };
  if (help === "seen") return { names: ["before_hold"], alert: null };
  if (help === "called") return { names: ["waiting"], alert: null };
  const worst = alerts.find((alert) => alert.rule_kind !== "escalate");
  if (worst && !cameBack(call, [], lanes)) {
    const category = worst.evidence.findLast?.((each) => ["words", "tone"].includes(each.kind))?.category;
    return { names: [category, worst.rule_kind].filter(Boolean), alert: worst };
  }
  return { names: cameBack(call, alerts, lanes) ? ["back"] : [], alert: null };
}

/** Keys of texts about who hears whom, e.g. "operator.held". */
export function facts(call, help, lanes) {
  const found = [];
  if (help === "on_hold") found.push(TRANSFERS.includes(lanes.move?.doing) ? "operator.ringing" : "operator.held");
  if (help === "none" && call.returned) found.push("operator.back");
  const beside = lanes.aside;
  if (beside?.doing === "announce") found.push("operator.announce");
  if (["whisper", "barge"].includes(beside?.result?.action) && beside.result.outcome === "done") found.push(`operator.${beside.result.action}`);
  return found;
}
