// The quiet row of a card: listening in, announcements, hanging up, and who stays in the call.

import { h, setText } from "./dom.js";
import { t } from "../store/i18n.js";
import { TRANSFERS } from "../store/press.js";
import { superiorChoice } from "./superior.js";

/** The row's elements. `actions` is the card's `Actions`. */
export function asideRow(actions, aside, main) {
  const button = (action) => (action === "announce" ? opener(actions) : actions.dress(h("button", { type: "button", class: "quiet" }), action));
  const last = aside.filter((action) => action === "hang_up");
  return [...aside.filter((action) => !last.includes(action)).map(button), superiorChoice(actions, main), keepChoice(actions, main), ...last.map(button)].filter(Boolean);
}

function opener(actions) {
  const button = actions.dress(h("button", { type: "button", class: "quiet opens", "aria-expanded": String(actions.choosing) }), "announce", () => actions.choose(!actions.choosing));
  if (!actions.call.announcements.length) button.disabled = true;
  return button;
}

/** The announcements to choose from, one button each. */
export function announcements(actions) {
  return actions.call.announcements.map((each) => {
    const button = actions.dress(h("button", { type: "button", class: "secondary" }), "announce", () => actions.pressed("announce", { announcement: each.name }));
    setText(button, each.title);
    return button;
  });
}

/** Whether the operator stays after a transfer: where the PBX gives the choice, and never in the way of the press. */
function keepChoice(actions, main) {
  if (actions.call.keep_operator === null || !main.some((action) => TRANSFERS.includes(action))) return null;
  const name = `keep-${actions.callId}`;
  const chosen = actions.keep ?? actions.call.keep_operator;
  const option = (value, key) => h("label", {},
    h("input", { type: "radio", name, value, checked: chosen === value, disabled: actions.doing("move") !== null, onchange: () => { actions.keep = value; } }), t(key));
  return h("fieldset", { class: "keep" }, h("legend", {}, t("keep.label")), option(true, "keep.stays"), option(false, "keep.leaves"));
}
