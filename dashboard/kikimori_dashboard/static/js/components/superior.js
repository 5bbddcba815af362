// The superiors to whom a call may be transferred: who is asked now, and the choice of another.

import { h } from "./dom.js";
import { t } from "../store/i18n.js";
import { TRANSFERS } from "../store/press.js";

/** @typedef {{name: string | null, number: string | null, open: boolean}} Superior */

/** @param {Superior} superior */
const nameOf = (superior) => superior.name ?? superior.number;

/**
 * The superior to whom a transfer leads: the one chosen here, else the first within opening hours, else the first of all.
 * Without a directory it is the call's own, as its agent is configured.
 * @param {{superior: import("../store/messages.d.ts").Party}} call
 * @param {import("../store/messages.d.ts").SuperiorView[]} listed the directory's, in their order
 * @param {string | null} chosen number chosen on this card
 * @returns {Superior}
 */
export function superiorOf(call, listed, chosen) {
  if (!listed.length) return { ...call.superior, open: true };
  return listed.find((each) => each.number === chosen) ?? listed.find((each) => each.open) ?? listed[0];
}

/**
 * What stands on the button: to whom, and whether nobody is expected there now.
 * @param {Superior} superior
 */
export function towards(superior) {
  const target = nameOf(superior);
  if (!target) return null;
  return t(superior.open ? "action.to" : "action.to_closed", { target });
}

/**
 * The list of superiors, behind a small ▾ beside the transfer: where there is more than one and a transfer may be pressed.
 * @param {import("./actions.js").Actions} actions
 * @param {string[]} main the actions of the large buttons
 * @returns {HTMLElement | null}
 */
export function superiorChoice(actions, main) {
  if (actions.superiors.length < 2 || !main.some((action) => TRANSFERS.includes(action))) return null;
  const now = superiorOf(actions.shown, actions.superiors, actions.superior);
  const options = actions.superiors.map((each) =>
    h("option", { value: each.number, selected: each.number === now.number }, each.open ? nameOf(each) : t("superior.closed", { name: nameOf(each) })));
  const list = h("select", {
    class: "superior",
    dataset: { action: "choose_superior" },
    "aria-label": t("superior.label"),
    title: t("superior.label"),
    disabled: actions.doing("move") !== null,
    onchange: () => { actions.superior = list.value; actions.draw(true); },
  }, ...options);
  return list;
}
