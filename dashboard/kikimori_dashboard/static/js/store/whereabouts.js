// Where a call's customer is now, since when, and with whom.

import { ACTIONS } from "./action_table.js";
import { TRANSFERS } from "./press.js";

const SAME_MS = 1000;

/**
 * @typedef {object} Whereabouts
 * @property {"talking" | "back" | "held" | "ringing" | "taken" | "ended"} kind
 * @property {number | null} since ms of the server's clock; null = not known
 * @property {number | null} until ms of the server's clock at which the PBX itself ends it: the hold, or the ringing of this superior; null = not known
 * @property {number | null} holdUntil ms at which the customer is taken back, where another superior is rung before that; else null
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
  const never = { until: null, holdUntil: null };
  if (call.status === "ended") return { kind: "ended", since: null, name: null, ...never };
  if (call.status === "transferred") return { kind: "taken", since: statusSince(call), name: call.with_superior?.name ?? call.with_superior?.number ?? (led ? nameOf(picture, call, led.target) : call.superior?.name ?? null), ...never };
  const holdUntil = timeOf(picture, call, call.hold_ends_at);
  if (led && !led.result && !led.unanswered) {
    const rung = call.ringing?.purpose === "transfer" ? call.ringing : null;
    const until = timeOf(picture, call, rung?.ends_at);
    const since = rung ? timeOf(picture, call, rung.since) : Date.parse(led.issued_at);
    return { kind: "ringing", since, name: rung?.name ?? rung?.number ?? nameOf(picture, call, led.target), until, holdUntil: until !== null && holdUntil !== null && holdUntil - until > SAME_MS ? holdUntil : null };
  }
  if (call.status === "on_hold") return { kind: "held", since: statusSince(call), name: null, until: holdUntil, holdUntil: null };
  return { kind: call.returned ? "back" : "talking", since: statusSince(call), name: null, ...never };
}

/**
 * A time by the agent's clock on the server's.
 * @param {any} picture
 * @param {any} call
 * @param {string | null | undefined} at
 * @returns {number | null}
 */
function timeOf(picture, call, at) {
  return at ? Date.parse(at) - (picture.site.clocks?.[call.agent_id] ?? 0) * 1000 : null;
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
 * The second of the call from which the operator's voice is, or may be, a superior's; of a call whose agent, of a release before,
 * does not say it of each line.
 * @param {any} picture
 * @param {any} call
 * @returns {{from: number, alone: boolean} | null} `alone`: the operator has left; null = no superior has the call
 */
export function superiorSpeaks(picture, call) {
  const since = call.status === "transferred" && !call.with_superior ? statusSince(call) : null;
  if (since === null) return null;
  const press = picture.commands[call.call_id]?.move;
  const stays = press?.keep_operator ?? call.keep_operator;
  return { from: (since - Date.parse(call.started_at)) / 1000, alone: stays !== true };
}
