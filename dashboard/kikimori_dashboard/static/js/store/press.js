// Sends a command and words what came of it.

import { ACTIONS } from "./action_table.js";
import { current, find, t, word } from "./i18n.js";

/** @typedef {(typeof ACTIONS)[string]} Facts */

/** @param {(facts: Facts) => boolean} holds */
const named = (holds) => Object.keys(ACTIONS).filter((action) => holds(ACTIONS[action]));

/**
 * A call's last press is kept per lane, as on the server: where the customer is, beside it, the cry for help.
 * @param {string} action
 */
export const laneOf = (action) => ACTIONS[action]?.lane ?? "move";
export const TRANSFERS = named((facts) => facts.rings === "other");
export const TO_OWN_TELEPHONE = named((facts) => facts.rings === "own");

/** Actions with which a reason is sent; transfers need it where they lead out of the house. */
export const WITH_REASON = named((facts) => facts.reason !== null);

/**
 * What came of a press; `words` is its detail by language.
 * @typedef {{action: string, outcome: string, command_id?: string, reason?: string | null, detail?: string | null, words?: Record<string, string>, at?: string}} Result
 */

/**
 * Sends a press; never rejects.
 * @param {string} callId
 * @param {string} action
 * @param {string} page
 * @param {{target?: string | null, keep_operator?: boolean | null, announcement?: string | null, reason?: string}} [more] what the action needs
 * @returns {Promise<Result>}
 */
export async function press(callId, action, page, more = {}) {
  try {
    const answer = await fetch(`/api/calls/${encodeURIComponent(callId)}/commands`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ action, page, ...more }),
    });
    return { action, ...(await answer.json()) };
  } catch {
    return { action, outcome: "not_sent", reason: "network" };
  }
}

/** Reasons whose sentence says all that the agent adds in English. */
const TOLD_BY_REASON = new Set(["not_supported", "call_busy"]);

/** Reasons of which the rest is for whoever mends it: it stands in the banner, and in the record. */
const MENDED_BY_OTHERS = new Set(["pbx_away"]);

/** Reasons for which no press works now: what remains is the telephone. */
const NO_BUTTON_WORKS = new Set(["pbx_away", "pbx_error", "timeout", "agent_silent", "agent_offline", "broker_away", "no_channel", "no_such_channel", "not_permitted", "not_included", "internal_error"]);

/**
 * Why a press came to nothing, without what the agent adds for whoever mends it.
 * @param {Result} result
 */
export function reasonText({ reason }) {
  return reason ? (find(`reason.${reason}`) ?? reason) : "";
}

/**
 * A result in words.
 * @param {Result} result
 * @param {boolean} [whole] with what is of use to whoever mends it
 * @returns {{mood: "good" | "todo" | "bad", text: string, detail: string}}
 */
export function worded(result, whole = false) {
  const said = result.words?.[current()] ?? result.detail;
  if (result.outcome === "done") return { mood: "good", text: word("done", result.action), detail: said ?? "" };
  const reason = reasonText(result);
  const told = TOLD_BY_REASON.has(result.reason ?? "") || (!whole && MENDED_BY_OTHERS.has(result.reason ?? ""));
  const detail = [reason, told ? null : said].filter(Boolean).join(" — ");
  return { mood: result.outcome === "instructed" ? "todo" : "bad", text: word("outcome", result.outcome), detail };
}

/**
 * The step that is left to a supervisor after a press that came to nothing, as no button works; "" for other reasons.
 * @param {Result} result
 */
export function nextStep({ action, outcome, reason }) {
  if (outcome === "done" || outcome === "instructed" || !NO_BUTTON_WORKS.has(reason ?? "")) return "";
  const leadsTo = ACTIONS[action]?.leadsTo;
  if (!leadsTo) return t("next.again");
  return t(leadsTo === "talking" ? "next.back" : "next.away");
}

/**
 * A result in words on one line: what came of it, and why beside it.
 * @param {Result} result
 */
export function wordedInLine(result) {
  const { text, detail } = worded(result, true);
  return detail ? t("call.beside", { name: text, beside: detail }) : text;
}

/**
 * What is known of the last press of a lane: the action under way, or its result.
 * @param {{action: string, result: Result | null, unanswered: boolean} | null | undefined} command
 * @returns {{doing?: string, result?: Result} | null}
 */
export function pressState(command) {
  if (!command) return null;
  if (command.result) return { result: command.result };
  if (command.unanswered) return { result: { action: command.action, outcome: "unanswered" } };
  return { doing: command.action };
}
