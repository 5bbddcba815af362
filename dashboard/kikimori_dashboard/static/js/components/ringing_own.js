// The operator's page while the own telephone rings: who is calling, how often, and how to speak with them.

import { callerName, callerText } from "./call_names.js";
import { h } from "./dom.js";
import { ofOperator } from "./known_caller.js";
import { t } from "../store/i18n.js";

const OTHERS_SHOWN = 4;

/** @typedef {import("../store/picture.js").RingingCall} RingingCall */

/**
 * The calls that ring at an extension, the oldest first.
 * @param {import("../store/picture.js").Picture} picture
 * @param {string} extension
 */
export const ringingAt = (picture, extension) => Object.values(picture.ringing).filter((call) => call.phones.includes(extension)).sort((a, b) => a.since.localeCompare(b.since));

/**
 * Elements of the page while something rings.
 * @param {RingingCall[]} calls at this extension, at least one
 * @param {string} extension
 */
export function ringing([call, ...waiting], extension) {
  const { known } = call;
  const name = callerName(call);
  const others = call.phones.filter((each) => each !== extension);
  const elsewhere = others.length + call.phones_more;
  const shown = others.slice(0, OTHERS_SHOWN).join(t("caller.comma")) + (elsewhere > OTHERS_SHOWN ? " …" : "");
  return [h("div", { class: "idle ringing", dataset: { state: "ringing" } },
    h("p", { class: "extension" }, t("ring.now")),
    h("p", { class: "big" }, callerText(call)),
    name && call.caller.number ? h("p", { class: "number" }, call.caller.number) : null,
    ...(known ? ofOperator({ ...known, name: null }) : call.caller.number ? [h("p", {}, t("ring.first"))] : []),
    elsewhere ? h("p", { class: "aside" }, t("ring.also", { phones: shown })) : null,
    waiting.length ? h("p", { class: "aside" }, t("ring.waiting", { n: waiting.length })) : null)];
}
