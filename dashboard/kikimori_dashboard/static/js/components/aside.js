// The further actions of a call: listening in, announcements, hanging up, and who stays in the call.

import { h, setText } from "./dom.js";
import { t } from "../store/i18n.js";
import { TRANSFERS } from "../store/press.js";

const HANG_UP = "hang_up"; // stands at the edge, away from the others

/**
 * @param {import("./buttons.js").Buttons} buttons
 * @param {string[]} aside the further actions
 * @param {string[]} main the actions of the large buttons
 * @returns {(HTMLElement | null)[]} the row's elements
 */
export function asideRow(buttons, aside, main) {
  const button = (/** @type {string} */ action) => (action === "announce" ? opener(buttons) : buttons.dress(h("button", { type: "button", class: "quiet" }), action));
  const last = aside.includes(HANG_UP) ? [HANG_UP] : [];
  const others = aside.filter((action) => action !== HANG_UP).map(button);
  const keep = keepChoice(buttons, main);
  // In the panel it has the end of a row that is there anyway: each row more is two lines less of what is said.
  return buttons.whole ? [...others, ...last.map(button), keep] : [...others, keep, ...last.map(button)];
}

/** @param {import("./buttons.js").Buttons} buttons */
function opener(buttons) {
  const { actions } = buttons;
  const choose = () => {
    actions.choose(!actions.choosing);
    if (actions.choosing) /** @type {HTMLElement | null} */ (buttons.choices.querySelector("button:not(:disabled)"))?.focus({ preventScroll: true });
  };
  const button = h("button", { type: "button", class: "quiet opens", "aria-expanded": String(actions.choosing) });
  buttons.dress(button, "announce", choose);
  if (!actions.shown.announcements.length) button.disabled = true;
  return button;
}

/**
 * @param {import("./buttons.js").Buttons} buttons
 * @returns {HTMLElement[]} the announcements to choose from, one button each
 */
export function announcements(buttons) {
  const { actions } = buttons;
  return actions.shown.announcements.map((each) => {
    const button = buttons.dress(h("button", { type: "button", class: "secondary" }), "announce", () => actions.pressed("announce", { announcement: each.name }));
    setText(button, each.title);
    return button;
  });
}

/**
 * Whether the operator stays after a transfer: where the PBX gives the choice, and never in the way of the press.
 * @param {import("./buttons.js").Buttons} buttons
 * @param {string[]} main
 */
function keepChoice({ actions, whole }, main) {
  if (actions.shown.keep_operator === null || !main.some((action) => TRANSFERS.includes(action))) return null;
  const name = `keep-${whole ? "panel-" : ""}${actions.callId}`;
  const chosen = actions.keep ?? actions.shown.keep_operator;
  const option = (/** @type {boolean} */ value, /** @type {string} */ key) => h("label", {},
    h("input", { type: "radio", name, value, dataset: { action: `keep_${value}` }, checked: chosen === value, disabled: actions.doing("move") !== null, onchange: () => { actions.keep = value; actions.draw(true); } }), t(key));
  return h("fieldset", { class: "keep" }, h("legend", {}, t("keep.label")), option(true, "keep.stays"), option(false, "keep.leaves"));
}
