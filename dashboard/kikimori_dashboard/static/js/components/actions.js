// The buttons of one call: what may be pressed, what is under way, what came of it.

import { ACTIONS } from "../store/action_table.js";
import { announcements, asideRow } from "./aside.js";
import { fill, h, setText, show } from "./dom.js";
import { t, word } from "../store/i18n.js";
import { asksFirst, isPrimary, offered, waits } from "../store/offered.js";
import { reasonChoice } from "./reason.js";
import { superiorOf, towards } from "./superior.js";
import { TO_OWN_TELEPHONE, TRANSFERS, WITH_REASON, laneOf, press, pressState, worded } from "../store/press.js";
import * as telephone from "./telephone.js";

const CONFIRM_WITHIN_MS = 4_000;
const SHOWN_LANES = ["move", "aside"];

export class Actions {
  /** `page.settled(callId)`: whether the buttons stood still long enough for a press to be meant for this call. */
  constructor(callId, page) {
    this.callId = callId;
    this.page = page;
    this.asked = null; // action waiting for the second press
    this.sent = {}; // lane → action pressed here, not yet seen in the picture
    this.own = null; // result of a press here that never reached the agent
    this.keep = null; // whether the operator stays, if somebody chose; else as the PBX is configured
    this.choosing = false; // the announcements are shown
    this.superior = null; // number of the superior, if somebody chose; else the first within opening hours
    this.superiors = []; // of the directory, in their order
    this.reason = null; // why, if somebody chose; else by what is on the card
    this.buttons = h("div", { class: "buttons" });
    this.aside = h("div", { class: "aside" });
    this.choices = h("div", { class: "choices", role: "group", hidden: true });
    this.hint = h("p", { class: "hint", role: "status", hidden: true });
    this.why = h("p", { class: "because", hidden: true });
    this.result = h("p", { class: "result", role: "status", hidden: true });
    // What comes and goes stands above the buttons, so that they stay where they are.
    this.element = h("div", { class: "actions" }, this.result, this.hint, this.why, this.choices, this.buttons, this.aside);
  }

  /** True when the buttons were built anew. */
  update(call, alerts, commands, usable, superiors = []) {
    this.call = call;
    this.superiors = superiors;
    this.usable = usable;
    this.prompted = call.returned || alerts.some((alert) => alert.suggestion !== null && alert.suggestion !== "escalate");
    this.alerted = alerts.length > 0;
    this.commands = commands ?? {};
    return this.draw();
  }

  doing(lane) {
    return this.sent[lane] ?? pressState(this.commands[lane])?.doing ?? null;
  }

  draw() {
    const under = { move: this.doing("move"), aside: this.doing("aside") };
    const { main, aside } = offered(this.call, under.move);
    if (!aside.includes("announce")) this.choosing = false;
    const { status, superior, keep_operator: keep, announcements: titles } = this.call;
    const key = JSON.stringify([main, aside, under, this.asked, this.usable, this.prompted, status, superior, keep, titles, this.choosing, this.superiors, this.superior, t("ui.language")]);
    // A button keeps its element while it says the same, so that focus stays on it.
    const rebuilt = fill(this.buttons, key, () => main.map((action, index) => this.mainButton(action, isPrimary(action, index))));
    fill(this.aside, key, () => asideRow(this, aside, main));
    fill(this.choices, key, () => (this.choosing ? announcements(this) : []));
    show(this.aside, aside.length > 0);
    show(this.choices, this.choosing);
    show(this.hint, this.asked === "hang_up");
    setText(this.hint, this.asked === "hang_up" ? t("hint.hang_up") : "");
    show(this.why, this.asked === "hang_up");
    fill(this.why, JSON.stringify([this.asked, t("ui.language")]), () => (this.asked === "hang_up" ? [reasonChoice(this)] : []));
    this.drawResult(under);
    return rebuilt;
  }

  drawResult(under) {
    const result = this.own ?? this.lastResult(under);
    show(this.result, result !== null);
    if (result === null) return;
    const { mood, text, detail } = worded(result);
    // After something went wrong the first question is where the customer is now.
    const where = mood === "bad" && laneOf(result.action) === "move" && result.outcome !== "moved" ? word("where", this.call.status) : null;
    this.result.dataset.mood = mood;
    fill(this.result, JSON.stringify([mood, text, detail, where]), () =>
      [h("strong", {}, text), detail ? h("span", {}, detail) : null, where ? h("span", { class: "where" }, where) : null].filter(Boolean));
  }

  /** The newest answer, unless something newer is under way, or it says what is no longer so. */
  lastResult(under) {
    const lane = SHOWN_LANES.filter((each) => this.commands[each])
      .sort((a, b) => this.commands[b].issued_at.localeCompare(this.commands[a].issued_at))[0];
    if (!lane || under[lane] !== null || (lane === "move" && this.sent.move)) return null;
    const result = pressState(this.commands[lane]).result;
    const past = result.outcome === "done" && (ACTIONS[result.action]?.leadsTo ?? this.call.status) !== this.call.status;
    return past ? null : result;
  }

  mainButton(action, primary) {
    const button = this.dress(h("button", { type: "button", class: primary ? "primary" : "secondary" }), action);
    const to = towards(superiorOf(this.call, this.superiors, this.superior));
    if (primary && to && this.asked !== action && this.doing("move") !== action) button.append(h("small", {}, to));
    return button;
  }

  /** Gives a button what every one has: its words, whether it may be pressed, what pressing does. */
  dress(button, action, onclick = () => this.pressed(action)) {
    const lane = laneOf(action);
    const doing = this.doing(lane) === action;
    button.dataset.action = action;
    button.disabled = !this.usable || waits(action, lane, { move: this.doing("move"), aside: this.doing("aside") });
    if (doing) button.setAttribute("aria-busy", "true");
    if (this.asked === action) button.dataset.asked = "yes";
    if (doing) setText(button, t(TRANSFERS.includes(action) && this.call.status === "on_hold" ? "doing.ringing" : `doing.${action}`));
    else if (this.asked === action) setText(button, t("action.confirm", { action: t(`action.${action}`) }));
    else button.append(t(`action.${action}`));
    button.addEventListener("click", onclick);
    return button;
  }

  /** One press where an alert prompts for it; otherwise a second one within some seconds. */
  async pressed(action, more = {}) {
    const { main, aside } = offered(this.call, this.doing("move"));
    if (!this.usable || ![...main, ...aside].includes(action)) return;
    if (waits(action, laneOf(action), { move: this.doing("move"), aside: this.doing("aside") })) return;
    if (!this.page.settled(this.callId)) {
      this.own = { action, outcome: "moved" };
      this.redraw(action);
      return;
    }
    if (this.asked !== action && asksFirst(action, this.call, this.doing("move"), this.prompted)) {
      this.ask(action);
      return;
    }
    this.cancel();
    const details = await this.details(action, more);
    if (details !== null) await this.send(action, details);
  }

  /** What the command needs besides the action; null when somebody thought better of it. */
  async details(action, more) {
    const found = await this.parts(action, more);
    return found === null || !WITH_REASON.includes(action) ? found : { ...found, reason: this.because() };
  }

  /** Why: what somebody chose, else what is on the card. */
  because() {
    return this.reason ?? (this.alerted ? "abuse" : "other");
  }

  async parts(action, more) {
    if (TO_OWN_TELEPHONE.includes(action)) {
      const target = telephone.own() ?? (await telephone.ask(() => this.page.telephoneChanged()));
      return target === null ? null : { ...more, target };
    }
    if (!TRANSFERS.includes(action)) return more;
    const target = this.superiors.length ? { target: superiorOf(this.call, this.superiors, this.superior).number } : {};
    const keep = this.keep !== null && this.call.keep_operator !== null ? { keep_operator: this.keep } : {};
    return { ...more, ...target, ...keep };
  }

  async send(action, details) {
    const lane = laneOf(action);
    this.sent[lane] = action;
    this.own = null;
    this.choosing = false;
    this.redraw(action);
    const result = await press(this.callId, action, "supervisor", details);
    // Another may have been pressed meanwhile: taking back while the telephone still rings.
    if (this.sent[lane] === action) delete this.sent[lane];
    // The agent's own answers come to every browser with the picture; the rest is known only here.
    if (!result.command_id) this.own = result;
    else if (this.commands[lane]?.command_id === result.command_id) this.commands = { ...this.commands, [lane]: { ...this.commands[lane], result } };
    this.redraw(action);
  }

  /** Opens or closes the list of announcements. */
  choose(open) {
    this.choosing = open;
    this.own = null;
    this.redraw("announce");
    if (open) this.choices.querySelector("button:not(:disabled)")?.focus({ preventScroll: true });
  }

  ask(action) {
    this.asked = action;
    this.own = null;
    this.redraw(action);
    this.askLonger();
  }

  /** Begins the time for the second press anew. */
  askLonger() {
    clearTimeout(this.askedTimer);
    this.askedTimer = setTimeout(() => this.cancel(), CONFIRM_WITHIN_MS);
  }

  /** Takes a question back; true when there was one. */
  cancel() {
    clearTimeout(this.askedTimer);
    if (this.asked === null && !this.choosing) return false;
    const action = this.asked ?? "announce";
    this.asked = null;
    this.choosing = false;
    this.redraw(action);
    return true;
  }

  redraw(action) {
    this.draw();
    this.refocus(action);
    this.page.noticeRebuilt(this.callId, true);
  }

  /** A redrawn button loses the focus; give it back to where the hands are. */
  refocus(action) {
    if (document.activeElement !== document.body) return;
    const button = this.element.querySelector(`[data-action="${action}"]:not(:disabled)`);
    (button ?? this.element.closest(".card"))?.focus({ preventScroll: true });
  }
}
