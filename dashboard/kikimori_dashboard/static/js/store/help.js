// How far the help for the operator's own call is, and which situation the operator is in. Reads the picture, changes nothing.

import { TRANSFERS } from "./press.js";
import { isHelp, rank } from "./rank.js";

export const STEPS = ["called", "seen", "on_hold", "transferred"];
const CAME_TO_SOMETHING = ["done", "instructed"];
const NOBODY_ANSWERED = "no_superior_answered"; // reason of a transfer for which one superior after the other was rung

/**
 * @typedef {import("./messages.d.ts").SupervisorAlert} Alert
 * @typedef {import("./messages.d.ts").PressView} Press
 * @typedef {Pick<import("./messages.d.ts").SupervisorCall, "status" | "returned" | "capabilities" | "keep_operator">} Call
 * @typedef {Record<string, ReturnType<typeof import("./press.js").pressState>>} Lanes the last press of each lane
 */

/**
 * The open request for help among a call's alerts, or null.
 * @param {Alert[]} alerts
 */
const helpAlert = (alerts) => alerts.find(isHelp) ?? null;

/**
 * How far the help is: "none", "called", "seen", "on_hold", "transferred".
 * @param {Call} call
 * @param {Alert[]} alerts
 * @param {Lanes} lanes
 * @param {boolean} sent pressed on this page and not yet answered
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
 * A step that nobody can vouch for is null, though a later one may have come.
 * @param {Call} call
 * @param {Alert[]} alerts
 * @param {Record<string, Press>} commands the last press of each lane
 * @returns {Record<string, {name?: string | null} | null>}
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

/**
 * Whether a press is under way or came to something.
 * @param {Press} press
 */
const standing = (press) => !press.unanswered && (!press.result || CAME_TO_SOMETHING.includes(press.result.outcome));

/**
 * Whether the request for help may still be taken back: nobody has claimed it, nobody has moved the customer since.
 * @param {Call} call
 * @param {Alert[]} alerts
 * @param {Record<string, Press>} commands
 */
export function cancellable(call, alerts, commands) {
  const alert = helpAlert(alerts);
  if (!alert || alert.claim || call.status === "transferred" || !call.capabilities.includes("escalate_cancel")) return false;
  const { move } = commands;
  return !move || Date.parse(move.issued_at) < Date.parse(alert.raised_at) || !standing(move);
}

/**
 * The instant from which the seconds since the call for help are counted, or null.
 * @param {Alert[]} alerts
 * @param {Record<string, Press>} commands
 */
export function calledAt(alerts, commands) {
  const at = helpAlert(alerts)?.raised_at ?? (commands.help?.action === "escalate" ? commands.help.issued_at : null);
  return at ? Date.parse(at) : null;
}

/**
 * What the operator said with the call for help last.
 * @param {Alert[]} alerts
 * @returns {{reason: string | null, comment: string | null}}
 */
export function said(alerts) {
  const presses = (helpAlert(alerts)?.evidence ?? []).flatMap((each) => (each.kind === "button" && "comment" in each ? [{ reason: each.reason ?? null, comment: each.comment ?? null }] : []));
  return presses.findLast((each) => each.reason || each.comment) ?? { reason: null, comment: null };
}

/**
 * Whether the customer is back from hold or from the superior, and nothing has happened since.
 * @param {Call} call
 * @param {Alert[]} alerts
 * @param {Lanes} lanes
 */
function cameBack(call, alerts, lanes) {
  if (call.returned) return true;
  const result = lanes.move?.result;
  if (!result || !["take_back", "unhold"].includes(result.action) || result.outcome !== "done") return false;
  return alerts.every((alert) => alert.updated_at < (result.at ?? ""));
}

/**
 * Whether the operator is still in the call that a superior has taken over.
 * @param {Call} call
 * @param {{keep_operator: boolean | null} | null | undefined} move the last press that moved the customer
 */
export const stays = (call, move) => call.keep_operator !== null && (move?.keep_operator ?? call.keep_operator);

/**
 * Whether nobody has answered for so long that operators may put the customer on hold by themselves.
 * @param {Call} call
 * @param {Alert[]} alerts
 */
export const holdOffered = (call, alerts) => call.status === "talking" && alerts.some((alert) => alert.unanswered?.hold);

/**
 * When the customer last said words that an alert is about, in seconds of the call; -1 where it is about none.
 * @param {Alert} alert
 */
const saidAt = (alert) => Math.max(-1, ...alert.evidence.map((each) => ((each.kind === "words" || each.kind === "tone") && "category" in each ? each.start_s : -1)));

/**
 * The alert that the operator has to answer: of the worst the one with the newest words, before one of the voice alone. An
 * apology to somebody who shouts is no answer to a threat.
 * @param {Alert[]} alerts the worst first
 * @returns {Alert | undefined}
 */
function toAnswer(alerts) {
  const [first, ...others] = alerts.filter((alert) => !isHelp(alert));
  return others.filter(({ severity }) => rank(severity) === rank(first.severity))
    .reduce((found, each) => (saidAt(each) > saidAt(found) ? each : found), first);
}

/**
 * Names of the situation, the closest first, as they stand in the files of sentences; and the alert that it comes from.
 * @param {Call} call
 * @param {Alert[]} alerts
 * @param {string} help how far the help is
 * @param {Lanes} lanes
 * @param {Press | undefined} move the last press that moved the customer
 * @returns {{names: string[], alert: Alert | null}}
 */
export function situation(call, alerts, help, lanes, move) {
  if (help === "transferred") return { names: stays(call, move) ? ["joined"] : [], alert: null };
  if (help === "on_hold") return { names: [], alert: null };
  if (lanes.move?.doing) return { names: ["before_hold"], alert: null };
  if (holdOffered(call, alerts)) return { names: ["before_hold"], alert: null };
  if (help !== "none") return { names: ["waiting"], alert: null };
  const worst = toAnswer(alerts);
  if (worst && !cameBack(call, [], lanes)) {
    const categories = worst.evidence.flatMap((each) => (["words", "tone"].includes(each.kind) && "category" in each ? [each.category] : []));
    const explained = worst.evidence.some((each) => each.kind === "answered" && "refusals" in each && each.refusals?.length);
    return { names: [...(explained ? ["answered"] : []), ...categories.slice(-1), worst.rule_kind], alert: worst };
  }
  return { names: cameBack(call, alerts, lanes) ? ["back"] : [], alert: null };
}

/**
 * Keys of texts about who hears whom, e.g. "operator.held".
 * @param {Call} call
 * @param {string} help how far the help is
 * @param {Lanes} lanes
 */
export function facts(call, help, lanes) {
  const found = [];
  if (help === "on_hold") found.push(TRANSFERS.includes(lanes.move?.doing ?? "") ? "operator.ringing" : "operator.held");
  if (help === "none" && call.returned) found.push(lanes.move?.result?.reason === NOBODY_ANSWERED ? "operator.back_alone" : "operator.back");
  const beside = lanes.aside;
  if (beside?.doing === "announce") found.push("operator.announce");
  const heard = beside?.result;
  if (heard && ["whisper", "barge"].includes(heard.action) && heard.outcome === "done") found.push(`operator.${heard.action}`);
  return found;
}
