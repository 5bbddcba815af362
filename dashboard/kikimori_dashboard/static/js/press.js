// Sends a command and words what came of it.

import { find, t } from "./i18n.js";

/** Resolves to a result as the server gives it; never rejects. */
export async function press(callId, action, page) {
  try {
    const answer = await fetch(`/api/calls/${encodeURIComponent(callId)}/commands`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ action, page }),
    });
    return { action, ...(await answer.json()) };
  } catch {
    return { action, outcome: "not_sent", reason: "network" };
  }
}

/** {mood: "good" | "todo" | "bad", text, detail} of a result. */
export function worded(result) {
  if (result.outcome === "done") return { mood: "good", text: t(`done.${result.action}`), detail: result.detail ?? "" };
  const reason = result.reason ? (find(`reason.${result.reason}`) ?? result.reason) : "";
  const detail = [reason, result.detail].filter(Boolean).join(" — ");
  return { mood: result.outcome === "instructed" ? "todo" : "bad", text: t(`outcome.${result.outcome}`), detail };
}

/** What is known of the last press on a call: {doing: action} or {result} or null. */
export function pressState(command) {
  if (!command) return null;
  if (command.result) return { result: command.result };
  if (command.unanswered) return { result: { action: command.action, outcome: "unanswered" } };
  return { doing: command.action };
}
