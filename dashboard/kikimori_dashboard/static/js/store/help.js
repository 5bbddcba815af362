// How far the help for the operator's own call is, and which situation the operator is in. Reads the picture, changes nothing.

import { TRANSFERS } from "./press.js";

export const STEPS = ["called", "seen", "on_hold", "transferred"];
const CAME_TO_SOMETHING = ["done", "instructed"];
const NOBODY_ANSWERED = "no_superior_answered"; // reason of a transfer for which one superior after the other was rung

/** The open request for help among a call's alerts, or null. */
export const helpAlert = (alerts) => alerts.find((alert) => alert.rule_kind === "escalate") ?? null;

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
  const alert = helpAlert(alerts);
  if (alert?.claim) return "seen";
  return sent || lanes.help?.doing === "escalate" || alert ? "called" : "none";
}

/**
 * What has come of the help, as far as it is known here: who saw it, whether the customer was held, who took over.
 * `commands`: the last press of each lane. A step that nobody can vouch for is null, though a later one may have come.
 */
export function proven(call, alerts, commands) {
  const alert = helpAlert(alerts);
  const { move, help } = commands;
  const claim = alert?.claim ?? alerts.find((each) => each.claim)?.claim;
  const moved = move && ["hold", ...TRANSFERS].includes(move.action) && standing(move);
  const over = call.status === "transferred";
  return {
    called: alert || (help?.action === "escalate" && standing(help)) ? {} : null,
    seen: claim ? { name: claim.name } : moved ? { name: move.issued_by } : null,
    on_hold: call.status === "on_hold" || (over && moved && move.action === "hold_transfer") ? {} : null,
    transferred: over ? { name: (moved && move.to?.name) || null } : null,
  };
}

/** Whether a press is under way or came to something. */
const standing = (press) => !press.unanswered && (!press.result || CAME_TO_SOMETHING.includes(press.result.outcome));

/** Whether the request for help may still be taken back: nobody has claimed it, nobody has moved the customer since. */
export function cancellable(call, alerts, commands) {
  const alert = helpAlert(alerts);
  if (!alert || alert.claim || call.status === "transferred" || !call.capabilities.includes("escalate_cancel")) return false;
  const { move } = commands;
  return !move || Date.parse(move.issued_at) < Date.parse(alert.raised_at) || !standing(move);
}

/** The instant from which the seconds since the call for help are counted, or null. */
export function calledAt(alerts, commands) {
  const at = helpAlert(alerts)?.raised_at ?? (commands.help?.action === "escalate" ? commands.help.issued_at : null);
  return at ? Date.parse(at) : null;
}

/** What the operator said with the call for help last: {reason, comment}, each perhaps null. */
export function said(alerts) {
  const presses = helpAlert(alerts)?.evidence.filter((each) => each.kind === "button") ?? [];
  const last = presses.findLast((each) => each.reason || each.comment);
  return { reason: last?.reason ?? null, comment: last?.comment ?? null };
}

/** Whether the customer is back from hold or from the superior, and nothing has happened since. */
function cameBack(call, alerts, lanes) {
  if (call.returned) return true;
  const result = lanes.move?.result;
  return ["take_back", "unhold"].includes(result?.action) && result.outcome === "done" && alerts.every((alert) => alert.updated_at < result.at);
}

/** Whether the operator is still in the call that a superior has taken over; `move`: the last press that moved the customer. */
export const stays = (call, move) => call.keep_operator !== null && (move?.keep_operator ?? call.keep_operator);

/**
 * Whether nobody has answered for so long that operators may put the customer on hold by themselves.
 * @param {any} call
 * @param {any[]} alerts
 */
export const holdOffered = (call, alerts) => call.status === "talking" && alerts.some((alert) => alert.unanswered?.hold);

/** Names of the situation, the closest first, as they stand in the files of sentences; and the alert that it comes from. */
export function situation(call, alerts, help, lanes, move) {
  if (help === "transferred") return { names: stays(call, move) ? ["joined"] : [], alert: null };
  if (help === "on_hold") return { names: [], alert: null };
  if (lanes.move?.doing) return { names: ["before_hold"], alert: null };
  if (holdOffered(call, alerts)) return { names: ["before_hold"], alert: null };
  if (help !== "none") return { names: ["waiting"], alert: null };
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
  if (help === "none" && call.returned) found.push(lanes.move?.result?.reason === NOBODY_ANSWERED ? "operator.back_alone" : "operator.back");
  const beside = lanes.aside;
  if (beside?.doing === "announce") found.push("operator.announce");
  if (["whisper", "barge"].includes(beside?.result?.action) && beside.result.outcome === "done") found.push(`operator.${beside.result.action}`);
  return found;
}
