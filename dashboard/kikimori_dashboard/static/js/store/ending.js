// Ending a call with two people: the reasons, the state of a proposal for whoever looks at it, and the presses.

import { current, find, hourAndMinute, t } from "./i18n.js";
import { load, send } from "./session.js";

/** @typedef {import("./messages.d.ts").EndingProposalView} Ending */
/** @typedef {{id: string, title: Record<string, string>, say: Record<string, string>, needed: number}} EndingReason */

/** @type {EndingReason[]} */
let reasons = [];
/** @type {string | null} name of the announcement that tells the reason */
let announcement = null;

/** Asks for the reasons; a page that cannot goes on without and asks again when it needs them. */
export async function loadEndingReasons() {
  if (reasons.length) return;
  const answer = await load("/api/ending-reasons");
  if (!answer.ok) return;
  reasons = answer.reasons;
  announcement = answer.announcement;
}

export const endingReasons = () => reasons;

/** @param {Record<string, string>} text by language */
export const inLanguage = (text) => text[current()] ?? text.ja;

/**
 * The announcement that may be played once it is decided, where the call's PBX has it.
 * @param {{announcements?: {name: string, title: string}[]}} call
 */
export const endingAnnouncement = (call) => call.announcements?.find((each) => each.name === announcement) ?? null;

/**
 * How often the customer was asked to stop, with the times of day; "" for never.
 * @param {string[] | undefined} stops
 */
export function stopsText(stops) {
  if (!stops?.length) return t("ending.stops_none");
  return t("ending.stops", { n: stops.length, times: stops.slice(-3).map((each) => hourAndMinute(each)).join(t("ending.and")) });
}

/**
 * How many requests to stop are missing.
 * @param {{stops?: string[]}} call
 * @param {number} needed
 */
export const missing = (call, needed) => Math.max(0, needed - (call.stops?.length ?? 0));

/**
 * Proposal in one line: who, why, in which own words.
 * @param {Ending} ending
 */
export const endingText = (ending) => t("ending.by", { name: ending.name, reason: [inLanguage(ending.reason), ending.words].filter(Boolean).join(t("ending.words_after")) });

/**
 * Part of somebody in a proposal that is open.
 * @param {Ending} ending
 * @param {string | null} personId
 * @returns {"asked" | "proposer" | "alone"} `alone`: its proposer, who may confirm it as the only one
 */
export function partOf(ending, personId) {
  if (ending.person_id !== personId) return "asked";
  return ending.people === 1 ? "alone" : "proposer";
}

/**
 * Sends a press about a call's end; resolves to the text of its refusal, "" where it was done.
 * @param {string} callId
 * @param {string} path
 * @param {object} [body]
 */
export async function pressEnding(callId, path, body = {}) {
  const answer = await send(`/api/calls/${encodeURIComponent(callId)}/${path}`, body);
  if (answer.ok && (answer.outcome === undefined || ["done", "instructed"].includes(answer.outcome))) return "";
  return find(`reason.${answer.reason}`) ?? t("ending.failed");
}
