// The further actions of a call: listening in, announcements, hanging up, and who stays in the call.

import { h, setText } from "./dom.js";
import { t } from "../store/i18n.js";
import { TRANSFERS } from "../store/press.js";

/**
 * @param {import("./buttons.js").Buttons} buttons
 * @param {string[]} aside the further actions
 * @param {string[]} main the actions of the large buttons
 * @returns {HTMLElement[]} the row's elements
 */
export function asideRow(buttons, aside, main) {
  const button = (action) => (action === "announce" ? opener(buttons) : buttons.dress(h("button", { type: "button", class: "quiet" }), action));
  const last = aside.filter((action) => action === "hang_up");
  return [...aside.filter((action) => !last.includes(action)).map(button), keepChoice(buttons, main), ...last.map(button)].filter(Boolean);
}

function opener(buttons) {
  const { actions } = buttons;
  const choose = () => {
    actions.choose(!actions.choosing);
    if (actions.choosing) buttons.choices.querySelector("button:not(:disabled)")?.focus({ preventScroll: true });
  };
  const button = buttons.dress(h("button", { type: "button", class: "quiet opens", "aria-expanded": String(actions.choosing) }), "announce", choose);
  if (!actions.call.announcements.length) button.disabled = true;
  return button;
}

/**
 * @param {import("./buttons.js").Buttons} buttons
 * @returns {HTMLElement[]} the announcements to choose from, one button each
 */
export function announcements(buttons) {
  const { actions } = buttons;
  return actions.call.announcements.map((each) => {
    const button = buttons.dress(h("button", { type: "button", class: "secondary" }), "announce", () => actions.pressed("announce", { announcement: each.name }));
    setText(button, each.title);
    return button;
  });
}

/** Whether the operator stays after a transfer: where the PBX gives the choice, and never in the way of the press. */
function keepChoice({ actions, whole }, main) {
  if (actions.call.keep_operator === null || !main.some((action) => TRANSFERS.includes(action))) return null;
  const name = `keep-${whole ? "panel-" : ""}${actions.callId}`;
  const chosen = actions.keep ?? actions.call.keep_operator;
  const option = (value, key) => h("label", {},
    h("input", { type: "radio", name, value, dataset: { action: `keep_${value}` }, checked: chosen === value, disabled: actions.doing("move") !== null, onchange: () => { actions.keep = value; actions.draw(true); } }), t(key));
  return h("fieldset", { class: "keep" }, h("legend", {}, t("keep.label")), option(true, "keep.stays"), option(false, "keep.leaves"));
}
