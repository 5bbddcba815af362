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

/**
 * A result in words.
 * @param {Result} result
 * @returns {{mood: "good" | "todo" | "bad", text: string, detail: string}}
 */
export function worded(result) {
  const said = result.words?.[current()] ?? result.detail;
  if (result.outcome === "done") return { mood: "good", text: word("done", result.action), detail: said ?? "" };
  const reason = result.reason ? (find(`reason.${result.reason}`) ?? result.reason) : "";
  const detail = [reason, TOLD_BY_REASON.has(result.reason ?? "") ? null : said].filter(Boolean).join(" — ");
  return { mood: result.outcome === "instructed" ? "todo" : "bad", text: word("outcome", result.outcome), detail };
}

/**
 * A result in words on one line: what came of it, and why beside it.
 * @param {Result} result
 */
export function wordedInLine(result) {
  const { text, detail } = worded(result);
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
