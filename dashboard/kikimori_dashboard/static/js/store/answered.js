// A demand that was made again and again, and how it was answered (ご説明済み), in one sentence.

import { clock, current, find, moment, t, title } from "./i18n.js";

const SHOWN_TIMES = 3;
const QUOTE_LETTERS = 20;

/**
 * @typedef {object} Evidence of the kind "answered", as it comes with an alert
 * @property {string | null} [demand]
 * @property {Record<string, string> | null} [title]
 * @property {number} [count]
 * @property {number | null} [count_before]
 * @property {number[]} [times_s]
 * @property {{start_s: number, demand_s: number, quote?: string | null}[]} [refusals]
 *
 * @typedef {object} Answered
 * @property {string | null} [demand]
 * @property {Record<string, string> | null} [title]
 * @property {number} count
 * @property {number | null} [before] highest count that was told before it was corrected
 * @property {number} begun when the call began, ms since 1970
 * @property {number[]} times s of the call
 * @property {{at: number, demand_at: number, quote?: string | null}[]} refusals the first to each demand counts
 */

/**
 * @param {{raised_at?: string, raised_s?: number}} alert
 * @param {Evidence} each
 * @returns {Answered}
 */
export const inCall = (alert, each) => ({
  demand: each.demand, title: each.title, count: each.count ?? 0, before: each.count_before, times: each.times_s ?? [],
  begun: Date.parse(alert.raised_at ?? "") - (alert.raised_s ?? 0) * 1000,
  refusals: (each.refusals ?? []).map((one) => ({ at: one.start_s, demand_at: one.demand_s, quote: one.quote })),
});

/**
 * One of a handover, whose times are of the clock on the wall.
 * @param {string} startedAt when the call began
 * @param {{demand: string | null, title: Record<string, string>, count: number, count_before?: number | null, times: string[], refusals: {at: string, demand_at: string, quote: string | null}[]}} each
 * @returns {Answered}
 */
export function ofHandover(startedAt, each) {
  const begun = Date.parse(startedAt);
  /** @type {(instant: string) => number} */
  const at = (instant) => Math.round((Date.parse(instant) - begun) / 100) / 10;
  return {
    demand: each.demand, title: each.title, count: each.count, before: each.count_before, begun, times: each.times.map(at),
    refusals: each.refusals.map((one) => ({ at: at(one.at), demand_at: at(one.demand_at), quote: one.quote })),
  };
}

/** @param {Answered["refusals"]} refusals @returns {Answered["refusals"]} the first to each demand */
const firsts = (refusals) => refusals.filter((each, index) => refusals.findIndex((other) => other.demand_at === each.demand_at) === index);

/**
 * In one sentence, by the clock of the call, as all else beside it.
 * @param {Answered} answered
 */
export function answeredText({ demand, title: titles, count, before, times, refusals }) {
  const first = firsts(refusals);
  const quote = refusals.findLast((each) => each.quote)?.quote;
  const quoted = new Set(first.flatMap((each) => each.quote ?? [])).size > 1 ? "why.answered_differently" : "why.answered";
  const key = !first.length ? "why.answered_none" : quote ? quoted : "why.answered_unquoted";
  const text = t(key, { n: count, refused: first.length, times: listed(first.length ? first.map((each) => each.at) : times, clock), quote: short(quote ?? "") });
  const kind = title(titles ?? {}) || (demand ? find(`category.${demand}`) : null);
  return (before ? t("why.answered_corrected", { before, n: count }) : "") + text + (kind ? t("why.answered_kind", { kind }) : "");
}

/**
 * What is said beside it: the same moments by the clock on the wall, and why a count was corrected.
 * @param {Answered} answered
 */
export function answeredHint({ before, begun, times, refusals }) {
  const first = firsts(refusals);
  const wall = Number.isNaN(begun) ? "" : t("why.answered_wall", { times: listed(first.length ? first.map((each) => each.at) : times, (seconds) => moment(begun + seconds * 1000, begun)) });
  return [before ? t("why.answered_why_corrected") : "", wall].filter(Boolean).join(" ");
}

/**
 * The demand of a call's alerts that was made or answered last; null where none was made again and again.
 * @param {any[]} alerts
 * @returns {Answered | null}
 */
export function newestAnswered(alerts) {
  const found = alerts.flatMap((alert) => alert.evidence.filter((/** @type {any} */ each) => each.kind === "answered").map((/** @type {any} */ each) => ({ alert, each })));
  const newest = found.sort((a, b) => b.each.end_s - a.each.end_s)[0];
  return newest ? inCall(newest.alert, newest.each) : null;
}

/**
 * @param {number[]} seconds
 * @param {(seconds: number) => string} said
 */
function listed(seconds, said) {
  const all = [...new Set(seconds.map(said))];
  const shown = all.slice(-SHOWN_TIMES);
  return (all.length > shown.length ? "…" : "") + shown.join(current() === "ja" ? "、" : ", ");
}

/** @param {string} quote */
function short(quote) {
  const letters = [...quote.replace(/[。\s]+$/, "")];
  return letters.length > QUOTE_LETTERS ? `…${letters.slice(-QUOTE_LETTERS).join("")}` : letters.join("");
}
