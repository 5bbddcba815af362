// Where a call's customer is now, since when, and with whom.

import { ACTIONS } from "./action_table.js";
import { TRANSFERS } from "./press.js";

/**
 * @typedef {object} Whereabouts
 * @property {"talking" | "back" | "held" | "ringing" | "taken" | "ended"} kind
 * @property {number | null} since ms of the server's clock; null = not known
 * @property {string | null} name the superior who is rung, or who has the call
 */

/**
 * @param {any} picture
 * @param {any} call
 * @returns {Whereabouts}
 */
export function whereabouts(picture, call) {
  const press = picture.commands[call.call_id]?.move;
  const led = press && TRANSFERS.includes(press.action) ? press : null;
  if (call.status === "ended") return { kind: "ended", since: null, name: null };
  if (call.status === "transferred") return { kind: "taken", since: statusSince(call), name: led ? nameOf(picture, call, led.target) : call.superior?.name ?? null };
  if (led && !led.result && !led.unanswered) return { kind: "ringing", since: Date.parse(led.issued_at), name: nameOf(picture, call, led.target) };
  if (call.status === "on_hold") return { kind: "held", since: statusSince(call), name: null };
  return { kind: call.returned ? "back" : "talking", since: statusSince(call), name: null };
}

/**
 * @param {any} call
 * @returns {number | null} ms from which the call is in its present status; null = not known
 */
export function statusSince(call) {
  const move = call.moves?.findLast((/** @type {any} */ each) => each.status === call.status);
  if (move?.at) return Date.parse(move.at);
  const press = call.presses?.findLast((/** @type {any} */ each) => ACTIONS[each.action]?.leadsTo === call.status && each.outcome === "done");
  return press ? Date.parse(press.at) : null;
}

/**
 * @param {any} picture
 * @param {any} call
 * @param {string | null} target number that a transfer led to; null = the call's own superior
 * @returns {string | null}
 */
function nameOf(picture, call, target) {
  if (!target) return call.superior?.name ?? call.superior?.number ?? null;
  return picture.site.superiors?.find((/** @type {any} */ each) => each.number === target)?.name ?? (target === call.superior?.number ? call.superior.name ?? target : target);
}

/**
 * The second of the call from which the operator's voice is, or may be, a superior's.
 * @param {any} picture
 * @param {any} call
 * @returns {{from: number, alone: boolean} | null} `alone`: the operator has left; null = no superior has the call
 */
export function superiorSpeaks(picture, call) {
  const since = call.status === "transferred" ? statusSince(call) : null;
  if (since === null) return null;
  const press = picture.commands[call.call_id]?.move;
  const stays = press?.keep_operator ?? call.keep_operator;
  return { from: (since - Date.parse(call.started_at)) / 1000, alone: stays !== true };
}
