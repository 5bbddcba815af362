// The buttons of one call: one fixed row, and the further actions behind 「…」 or, where there is room, below it.

import { fill, h, setText, show } from "./dom.js";
import { announcements, asideRow } from "./aside.js";
import { find, t, word } from "../store/i18n.js";
import { isPrimary } from "../store/offered.js";
import { TRANSFERS, laneOf, nextStep, worded } from "../store/press.js";
import { superiorChoice, superiorOf, towards } from "./superior.js";

const IN_ROW = ["listen"]; // further actions that have a place in the row
/** @type {Record<string, string>} text of a button that begins something else than its action */
const BEGINS = { hang_up: "ending.button" };

/** The elements of an `Actions`, which draws them again whenever something changes. */
export class Buttons {
  /**
   * @param {import("./actions.js").Actions} actions
   * @param {{whole?: boolean, only?: boolean, pick?: (main: string[]) => string[], unsure?: () => boolean}} options
   *   `whole`: the further actions are always shown; `only`: the main button alone, or those that `pick` takes;
   *   `unsure`: whether a press may have been meant for another call
   */
  constructor(actions, { whole = false, only = false, pick = (main) => main.slice(0, 1), unsure = () => false } = {}) {
    this.actions = actions;
    this.whole = whole;
    this.only = only;
    this.pick = pick;
    this.unsure = unsure;
    this.open = false; // the menu
    this.row = h("div", { class: "buttons" });
    this.aside = h("div", { class: "aside" });
    this.choices = h("div", { class: "choices", role: "group", hidden: true });
    this.hint = h("p", { class: "hint", role: "status", hidden: true });
    this.result = h("p", { class: "result", role: "status", hidden: true });
    this.keys = h("p", { class: "keys-to-press", hidden: true });
    this.menu = h("div", { class: "menu", id: `menu-${whole ? "panel-" : ""}${actions.callId}`, role: "group", "aria-label": t("card.more"), hidden: true },
      this.choices, this.hint, this.aside);
    this.opener = h("button", { type: "button", class: "opener", "aria-expanded": "false", "aria-controls": this.menu.id, onclick: () => this.toggle(!this.open) }, "…");
    this.element = h("div", { class: "actions", dataset: { whole: whole ? "yes" : "no" } }, only ? null : this.menu, this.result, this.keys, this.row);
    this.draw = this.draw.bind(this);
    actions.views.add(this.draw);
    this.draw();
  }

  /** Shows nothing any more. */
  remove() {
    this.actions.views.delete(this.draw);
  }

  /**
   * Opens or closes the menu; the focus goes with it.
   * @param {boolean} open
   */
  toggle(open) {
    if (this.whole || this.open === open) return;
    this.open = open;
    this.draw();
    if (open) /** @type {HTMLElement | null} */ (this.menu.querySelector("button:not(:disabled), input, select"))?.focus({ preventScroll: true });
    else if (this.menu.contains(document.activeElement) || document.activeElement === document.body) this.opener.focus({ preventScroll: true });
  }

  /** Takes back a question, else closes the menu; true when there was something. */
  cancel() {
    if (this.actions.cancel()) return true;
    if (!this.open) return false;
    this.toggle(false);
    return true;
  }

  draw() {
    const { actions } = this;
    if (!actions.call) return;
    const { main: all, aside: further } = actions.offered();
    const main = this.only ? this.pick(all) : all;
    const aside = this.only ? [] : further;
    // What a call is in the middle of is said in its button: in a card's row it needs the room.
    const roomy = this.whole || actions.doing("move") === null;
    const inRow = aside.filter((action) => roomy && IN_ROW.includes(action));
    const rest = aside.filter((action) => !inRow.includes(action));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.action;
    const { status, superior, keep_operator: keep, announcements: titles } = actions.call;
    const hint = actions.asked ? find(`hint.${actions.asked}`) : null;
    const key = JSON.stringify([main, aside, actions.under(), actions.asked, actions.usable, actions.prompted, status, superior, keep, titles, actions.choosing, actions.superiors, actions.superior, actions.keep, t("ui.language")]);
    // A button keeps its element while it says the same, so that focus stays on it.
    fill(this.row, key, () => [
      ...main.map((action, index) => this.mainButton(action, isPrimary(action, index))).flatMap((button, index) => (index ? [button] : [button, this.only ? null : superiorChoice(actions, main)])),
      ...inRow.map((action) => this.dress(h("button", { type: "button", class: "secondary" }), action)),
      this.whole || this.only || !main.length ? null : this.opener,
    ]);
    fill(this.aside, key, () => (this.only ? [] : asideRow(this, rest, main)));
    fill(this.choices, key, () => (actions.choosing ? announcements(this) : []));
    show(this.aside, this.aside.childElementCount > 0);
    show(this.choices, actions.choosing);
    show(this.hint, hint !== null);
    setText(this.hint, hint ?? "");
    show(this.menu, this.whole || this.open);
    this.opener.setAttribute("aria-expanded", String(this.open));
    this.opener.setAttribute("aria-label", t("card.more"));
    // The lowest row keeps its place when a question comes above it: the second press is where the first was.
    if (this.open) this.menu.scrollTop = this.menu.scrollHeight;
    this.drawKeys(main);
    this.drawResult();
    if (focused) this.refocus(focused);
  }

  /**
   * Where nothing but a person can move the call: the keys that do what the first button says, before anybody presses it.
   * @param {string[]} main
   */
  drawKeys(main) {
    const { actions } = this;
    const keys = (actions.shown.keys ?? []).find((/** @type {{action: string}} */ each) => each.action === main[0]);
    const target = superiorOf(actions.shown, actions.superiors, actions.superior).number ?? "";
    show(this.keys, keys !== undefined && actions.shownResult()?.outcome !== "instructed");
    setText(this.keys, keys ? t("card.keys", { keys: keys.text.replaceAll("{target}", target) }) : "");
    this.keys.title = this.keys.textContent ?? ""; // an office's own words may be longer than a card is high
  }

  drawResult() {
    const result = this.actions.shownResult();
    show(this.result, result !== null);
    if (result === null) return;
    const { mood, text, detail } = worded(result);
    // After something went wrong the first question is where the customer is now.
    const where = mood === "bad" && laneOf(result.action) === "move" ? word("where", this.actions.shown.status) : null;
    const next = nextStep(result);
    this.result.dataset.mood = mood;
    fill(this.result, JSON.stringify([mood, text, detail, where, next]), () =>
      [h("strong", {}, text), detail ? h("span", {}, detail) : null, where ? h("span", { class: "where" }, where) : null, next ? h("span", { class: "next" }, next) : null]);
  }

  /**
   * @param {string} action
   * @param {boolean} primary
   */
  mainButton(action, primary) {
    const { actions } = this;
    const button = this.dress(h("button", { type: "button", class: primary ? "primary" : "secondary" }), action);
    const to = towards(superiorOf(actions.shown, actions.superiors, actions.superior));
    if (primary && to && TRANSFERS.includes(action) && actions.asked !== action && actions.doing("move") !== action) button.append(h("small", { title: to }, to));
    return button;
  }

  /**
   * Gives a button what every one has: its words, whether it may be pressed, what pressing does.
   * @param {HTMLElement} button
   * @param {string} action
   * @param {() => unknown} onclick
   */
  dress(button, action, onclick = () => this.actions.pressed(action, {}, this.unsure())) {
    const { actions } = this;
    const doing = actions.doing(laneOf(action)) === action;
    button.dataset.action = action;
    /** @type {HTMLButtonElement} */ (button).disabled = !actions.usable || actions.waits(action);
    if (doing) button.setAttribute("aria-busy", "true");
    if (actions.asked === action) button.dataset.asked = "yes";
    if (doing) setText(button, t(TRANSFERS.includes(action) && actions.shown.status === "on_hold" ? "doing.ringing" : `doing.${action}`));
    else if (actions.asked === action) setText(button, t("action.confirm", { action: t(`action.${action}`) }));
    else button.append(h("span", {}, t(BEGINS[action] ?? `action.${action}`)));
    button.addEventListener("click", onclick);
    return button;
  }

  /**
   * A redrawn button loses the focus; give it back to where the hands are.
   * @param {string} action
   */
  refocus(action) {
    if (document.activeElement !== document.body) return;
    const button = this.element.querySelector(`[data-action="${action}"]:not(:disabled)`);
    /** @type {HTMLElement | null} */ (button ?? this.element.closest("[data-call]"))?.focus({ preventScroll: true });
  }
}
