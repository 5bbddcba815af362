// A call that was found, as a row: when, who, caller, length, the worst alert, why, and the lines with the words marked.

import { h } from "./dom.js";
import { look, shape } from "./severity.js";
import { clock, dateAndTime, span, t, title, word } from "../store/i18n.js";

/** @typedef {{text: string, marked: boolean}} LinePart */
/** @typedef {{kind: string, title: Record<string, string> | null}} AlertReason no title: it was removed with the call's words */
/** @typedef {{line: number, role: string, start_s: number, parts: LinePart[]}} FoundLine */
/**
 * @typedef {object} FoundCall
 * @property {string} uid
 * @property {string} started_at
 * @property {number} seconds
 * @property {string | null} operator
 * @property {string | null} extension
 * @property {string | null} team
 * @property {string | null} caller
 * @property {string | null} caller_number
 * @property {string | null} worst
 * @property {number} alerts
 * @property {AlertReason[]} reasons the worst first
 * @property {string | null} outcome
 * @property {string} sound
 * @property {boolean} reviewed
 * @property {FoundLine[]} lines
 */

/**
 * Address of the call's page.
 * @param {string} uid
 * @param {number} [seconds] place in the call
 */
const pageOf = (uid, seconds) => `/history/${encodeURIComponent(uid)}${seconds === undefined ? "" : `?t=${seconds}`}`;

/**
 * @param {FoundLine} line
 * @param {string} uid
 */
const said = (line, uid) => h("span", {},
  h("a", { class: "side", href: pageOf(uid, line.start_s) }, `${word("role", line.role)} ${clock(line.start_s)}`),
  ...line.parts.map((part) => (part.marked ? h("mark", {}, part.text) : part.text)));

/** @param {string | null} severity */
const worst = (severity) => (severity === null
  ? h("span", { class: "worst none" }, t("history.no_alert"))
  : h("span", { class: "worst", dataset: { severity: look(severity) } }, `${shape(severity)} ${word("severity", severity)}`));

/**
 * Why a call alerted, as small text; null where it did not.
 * @param {AlertReason[]} reasons
 */
export const whyAlerted = (reasons) => (reasons.length
  ? h("span", { class: "why" }, reasons.map((each) => (each.title ? title(each.title) : word("history.kinds", each.kind))).join(" ・ "))
  : null);

/** @param {string | null} extra text behind a name, where it says something else */
const beside = (/** @type {string | null} */ name, extra) => (extra && extra !== name ? h("small", {}, ` ${extra}`) : null);

/**
 * A click anywhere in a row opens the call, as its link does; not one that ends the selection of words to copy.
 * @param {MouseEvent} event
 * @param {string} uid
 */
function clicked({ target }, uid) {
  if ((target instanceof Element && target.closest("a")) || getSelection()?.toString()) return;
  location.assign(pageOf(uid));
}

/** @param {FoundCall} call */
export function foundCall(call) {
  return h("li", { dataset: { uid: call.uid } }, h("div", { class: "call", onclick: (/** @type {MouseEvent} */ event) => clicked(event, call.uid) },
    h("a", { href: pageOf(call.uid) }, h("time", { datetime: call.started_at }, dateAndTime(call.started_at))),
    worst(call.worst),
    h("span", { class: "who" }, call.operator ?? t("history.unknown"), beside(call.operator, call.extension)),
    h("span", { class: "caller" }, call.caller ?? t("history.no_number"), beside(call.caller, call.caller_number)),
    h("span", { class: "length" }, span(call.seconds)),
    whyAlerted(call.reasons),
    call.reviewed ? h("span", { class: "mine" }, t("history.gone_through")) : null,
    call.lines.length ? h("span", { class: "said" }, ...call.lines.map((line) => said(line, call.uid))) : null));
}
