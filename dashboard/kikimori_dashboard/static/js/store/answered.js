// A demand that was made again and again, and how it was answered (ご説明済み), in one sentence.

import { current, find, moment, t, title } from "./i18n.js";

const SHOWN_TIMES = 3;
const QUOTE_LETTERS = 20;

/**
 * @typedef {object} Evidence of the kind "answered", as it comes with an alert
 * @property {string | null} [demand]
 * @property {Record<string, string> | null} [title]
 * @property {number} [count]
 * @property {number[]} [times_s]
 * @property {{start_s: number, demand_s: number, quote?: string | null}[]} [refusals]
 *
 * @typedef {object} Answered by the clock on the wall
 * @property {string | null} [demand]
 * @property {Record<string, string> | null} [title]
 * @property {number} count
 * @property {(number | string)[]} times
 * @property {{at: number | string, demand_at: number | string, quote?: string | null}[]} refusals the first to each demand counts
 */

/**
 * @param {{raised_at?: string, raised_s?: number}} alert
 * @param {Evidence} each
 * @returns {Answered}
 */
export function byWall(alert, each) {
  const begun = Date.parse(alert.raised_at ?? "") - (alert.raised_s ?? 0) * 1000;
  /** @type {(seconds: number) => number} */
  const at = (seconds) => begun + seconds * 1000;
  return {
    demand: each.demand, title: each.title, count: each.count ?? 0, times: (each.times_s ?? []).map(at),
    refusals: (each.refusals ?? []).map((one) => ({ at: at(one.start_s), demand_at: at(one.demand_s), quote: one.quote })),
  };
}

/** @param {Answered} answered */
export function answeredText({ demand, title: titles, count, times, refusals }) {
  const first = refusals.filter((each, index) => refusals.findIndex((other) => other.demand_at === each.demand_at) === index);
  const quote = refusals.findLast((each) => each.quote)?.quote;
  const quoted = new Set(first.flatMap((each) => each.quote ?? [])).size > 1 ? "why.answered_differently" : "why.answered";
  const key = !first.length ? "why.answered_none" : quote ? quoted : "why.answered_unquoted";
  const text = t(key, { n: count, refused: first.length, times: clocks(first.length ? first.map((each) => each.at) : times), quote: short(quote ?? "") });
  const kind = title(titles ?? {}) || (demand ? find(`category.${demand}`) : null);
  return kind ? text + t("why.answered_kind", { kind }) : text;
}

/**
 * The demand of a call's alerts that was made or answered last; null where none was made again and again.
 * @param {any[]} alerts
 * @returns {Answered | null}
 */
export function newestAnswered(alerts) {
  const found = alerts.flatMap((alert) => alert.evidence.filter((/** @type {any} */ each) => each.kind === "answered").map((/** @type {any} */ each) => ({ alert, each })));
  const newest = found.sort((a, b) => b.each.end_s - a.each.end_s)[0];
  return newest ? byWall(newest.alert, newest.each) : null;
}

/** @param {(number | string)[]} instants */
function clocks(instants) {
  const all = [...new Set(instants.map((each) => moment(each, each)))];
  const shown = all.slice(-SHOWN_TIMES);
  return (all.length > shown.length ? "…" : "") + shown.join(current() === "ja" ? "、" : ", ");
}

/** @param {string} quote */
function short(quote) {
  const letters = [...quote.replace(/[。\s]+$/, "")];
  return letters.length > QUOTE_LETTERS ? `…${letters.slice(-QUOTE_LETTERS).join("")}` : letters.join("");
}
