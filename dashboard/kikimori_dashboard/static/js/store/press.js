// Sends a command and words what came of it.

import { ACTIONS } from "./action_table.js";
import { current, find, word } from "./i18n.js";

const named = (holds) => Object.keys(ACTIONS).filter((action) => holds(ACTIONS[action]));

/** A call's last press is kept per lane, as on the server: where the customer is, beside it, the cry for help. */
export const laneOf = (action) => ACTIONS[action]?.lane ?? "move";
export const TRANSFERS = named((facts) => facts.rings === "other");
export const TO_OWN_TELEPHONE = named((facts) => facts.rings === "own");

/** Actions with which a reason is sent; transfers need it where they lead out of the house. */
export const WITH_REASON = named((facts) => facts.reason !== null);
export const REASONS = ["abuse", "threat", "warned", "other"];

/** `more`: {target, keep_operator, announcement, reason}, what the action needs. Resolves to a result; never rejects. */
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

/** {mood: "good" | "todo" | "bad", text, detail} of a result. */
export function worded(result) {
  const said = result.words?.[current()] ?? result.detail;
  if (result.outcome === "done") return { mood: "good", text: word("done", result.action), detail: said ?? "" };
  const reason = result.reason ? (find(`reason.${result.reason}`) ?? result.reason) : "";
  const detail = [reason, TOLD_BY_REASON.has(result.reason) ? null : said].filter(Boolean).join(" — ");
  return { mood: result.outcome === "instructed" ? "todo" : "bad", text: word("outcome", result.outcome), detail };
}

/** What is known of the last press of a lane: {doing: action} or {result} or null. */
export function pressState(command) {
  if (!command) return null;
  if (command.result) return { result: command.result };
  if (command.unanswered) return { result: { action: command.action, outcome: "unanswered" } };
  return { doing: command.action };
}
