// The course of a call as a list of what happened, oldest first.

import { ACTIONS } from "./action_table.js";
import { statusSince } from "./whereabouts.js";

const SAME_MS = 90_000; // a change of status so soon after the press that leads to it is that press's doing

/**
 * @typedef {object} StoryEvent
 * @property {number | null} at ms; null = not known
 * @property {"begin" | "raised" | "closed" | "claimed" | "press" | "move"} kind
 * @property {any} about the alert, press or move
 */

/**
 * @param {any} picture
 * @param {any} call
 * @returns {StoryEvent[]}
 */
export function storyOf(picture, call) {
  /** @type {StoryEvent[]} */
  const events = [{ at: Date.parse(call.started_at), kind: "begin", about: call }];
  const open = picture.alertsOf(call.call_id);
  const over = picture.closed.filter((/** @type {any} */ each) => each.call_id === call.call_id);
  for (const alert of [...over, ...open]) {
    events.push({ at: Date.parse(alert.raised_at), kind: "raised", about: alert });
    if (alert.claim) events.push({ at: Date.parse(alert.claim.at), kind: "claimed", about: alert });
    if (alert.state === "closed") events.push({ at: Date.parse(alert.updated_at), kind: "closed", about: alert });
  }
  const presses = call.presses ?? [];
  for (const press of presses) events.push({ at: Date.parse(press.at), kind: "press", about: press });
  for (const move of call.moves ?? []) if (!pressedFor(move, presses)) events.push({ at: move.at ? Date.parse(move.at) : null, kind: "move", about: move });
  return events.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
}

/**
 * @param {any} move
 * @param {any[]} presses
 */
const pressedFor = (move, presses) => move.at !== null && presses.some((press) => {
  const after = Date.parse(move.at) - Date.parse(press.at);
  return ACTIONS[press.action]?.leadsTo === move.status && press.outcome === "done" && Math.abs(after) < SAME_MS;
});

/**
 * Stretches of a call in which the customer was not with the operator, as shares of its length.
 * @param {any} call
 * @param {number} now
 * @returns {{status: string, from: number, to: number}[]} 0 … 1
 */
export function stretches(call, now) {
  const begun = Date.parse(call.started_at);
  const whole = Math.max(1, now - begun);
  const share = (/** @type {number} */ at) => Math.min(1, Math.max(0, (at - begun) / whole));
  const moves = (call.moves ?? []).map((/** @type {any} */ each) => ({ status: each.status, at: each.at ? Date.parse(each.at) : statusSince(call) ?? begun }));
  return moves
    .map((/** @type {any} */ each, /** @type {number} */ index) => ({ status: each.status, from: share(each.at), to: share(moves[index + 1]?.at ?? now) }))
    .filter((/** @type {any} */ each) => each.status !== "talking");
}
