// Why a call is ended: chosen before the second press, for the agent's record.

import { h } from "./dom.js";
import { t } from "../store/i18n.js";
import { REASONS } from "../store/press.js";

/**
 * The list of reasons; choosing one gives more time for the second press.
 * @param {import("./actions.js").Actions} actions of the card
 * @returns {HTMLElement}
 */
export function reasonChoice(actions) {
  const options = REASONS.map((each) => h("option", { value: each, selected: each === actions.because() }, t(`because.${each}`)));
  const list = h("select", { onchange: () => { actions.reason = list.value; actions.askLonger(); }, onfocus: () => actions.askLonger() }, ...options);
  return h("label", {}, `${t("because.label")} `, list);
}
