// Who is calling, as the office knows them: name, agreed way to speak, how often, and the last contacts.

import { h } from "./dom.js";
import { find, recent, t, word } from "../store/i18n.js";

/**
 * @typedef {{at: string, operator: string | null, worst?: string | null, outcome?: string | null}} Contact
 * @typedef {{name: string | null, manner: string | null, contacts: number, last: Contact[]}} Known
 */

/** @param {Contact} contact */
function withHow(contact) {
  const how = [contact.worst ? word("severity", contact.worst) : "", contact.outcome ? find(`caller.outcomes.${contact.outcome}`) ?? "" : ""].filter(Boolean).join("・");
  const values = { day: recent(contact.at), operator: contact.operator ?? "", how };
  return t(how ? "caller.contact_worst" : "caller.contact", values).trim();
}

/**
 * E.g. 「3回目のお電話（21:40 木村、9/28 佐藤）」; "" for a first contact.
 * @param {Known} known
 * @param {boolean} [whole] with how each contact went
 */
export function nth(known, whole = false) {
  if (!known.contacts) return "";
  const last = known.last.map((each) => (whole ? withHow(each) : t("caller.contact", { day: recent(each.at), operator: each.operator ?? "" }).trim())).join(t("caller.comma"));
  return t(last ? "caller.nth_with" : "caller.nth", { n: known.contacts + 1, last });
}

/**
 * The caller on the operator's page: no scores, no words of a customer.
 * @param {Known} known
 */
export function ofOperator(known) {
  return [
    h("p", { class: "caller-line" }, ...[known.name ? t("caller.named", { name: known.name }) : "", nth(known)].filter(Boolean).map((each) => h("span", {}, each))),
    known.manner ? h("p", { class: "caller-manner" }, t("caller.how_to_speak", { manner: known.manner })) : null,
  ];
}

/**
 * The caller on the supervisor's panel, with the way to all contacts.
 * @param {Known & {key: string, in_charge: string | null, contract: string | null}} known
 * @param {boolean} linked whether the person may open the caller's page
 */
export function ofSupervisor(known, linked) {
  const said = [known.manner ? t("caller.how_to_speak", { manner: known.manner }) : "", known.in_charge ? t("caller.person_in_charge", { name: known.in_charge }) : ""].filter(Boolean).join("　");
  return [h("span", { class: "how", title: said }, said), h("span", { class: "nth" }, nth(known, true)), linked ? h("a", { href: `/callers/${known.key}` }, t("caller.all")) : null];
}
