// The buttons of one call: what may be pressed, what is under way, what came of it.

import { fill, h, setText, show } from "./dom.js";
import { t } from "./i18n.js";
import { press, pressState, worded } from "./press.js";

const CONFIRM_WITHIN_MS = 4_000;

/** Actions that make sense for a call now, the most important first. */
export function offered(call) {
  const can = (action) => call.capabilities.includes(action);
  if (call.status === "transferred" || call.status === "ended") return [];
  if (call.status === "on_hold") {
    const onward = can("transfer") ? "transfer" : "hold_transfer";
    return [onward, "unhold"].filter(can);
  }
  return ["hold_transfer", "hold"].filter(can);
}

export class Actions {
  /** `page.settled(callId)`: whether the buttons stood still long enough for a press to be meant for this call. */
  constructor(callId, page) {
    this.callId = callId;
    this.page = page;
    this.asked = null; // action waiting for the second press
    this.sent = null; // action pressed here, not yet seen in the picture
    this.own = null; // result of a press here that never reached the agent
    this.buttons = h("div", { class: "buttons" });
    this.result = h("p", { class: "result", role: "status", hidden: true });
    this.element = h("div", { class: "actions" }, this.buttons, this.result);
  }

  update(call, alerts, command, usable) {
    this.call = call;
    this.usable = usable;
    this.prompted = alerts.some((alert) => alert.suggestion !== null && alert.suggestion !== "escalate");
    this.state = pressState(command);
    this.draw();
  }

  get doing() {
    return this.sent ?? this.state?.doing ?? null;
  }

  draw() {
    const actions = offered(this.call);
    const doing = this.doing === "escalate" ? null : this.doing;
    const key = JSON.stringify([actions, doing, this.asked, this.usable, this.prompted, this.call.superior, t("ui.language")]);
    // A button keeps its element while it says the same, so that focus stays on it.
    fill(this.buttons, key, () => actions.map((action, index) => this.button(action, index === 0, doing)));
    const result = this.doing ? null : (this.own ?? this.state?.result ?? null);
    const visible = result !== null && result.action !== "escalate";
    show(this.result, visible);
    if (visible) {
      const { mood, text, detail } = worded(result);
      this.result.dataset.mood = mood;
      fill(this.result, JSON.stringify([mood, text, detail]), () => [h("strong", {}, text), detail ? h("span", {}, detail) : null].filter(Boolean));
    }
  }

  button(action, primary, doing) {
    const button = h("button", {
      type: "button",
      class: primary ? "primary" : "secondary",
      disabled: doing !== null || !this.usable,
      "aria-busy": doing === action ? "true" : null,
      onclick: () => this.pressed(action),
    });
    button.dataset.action = action;
    const target = this.call.superior?.name ?? this.call.superior?.number;
    if (doing === action) setText(button, t(`doing.${action}`));
    else if (this.asked === action) setText(button, t("action.confirm", { action: t(`action.${action}`) }));
    else {
      button.append(t(`action.${action}`));
      if (primary && target) button.append(h("small", {}, t("action.to", { target })));
    }
    if (this.asked === action) button.dataset.asked = "yes";
    return button;
  }

  /** One press where an alert prompts for it; otherwise a second one within some seconds. */
  async pressed(action) {
    if (this.doing || !this.usable || !offered(this.call).includes(action)) return;
    if (!this.page.settled(this.callId)) {
      this.own = { action, outcome: "moved" };
      this.redraw(action);
      return;
    }
    const needsNoAsking = this.prompted || action === "unhold" || this.call.status === "on_hold";
    if (!needsNoAsking && this.asked !== action) {
      this.ask(action);
      return;
    }
    this.cancel();
    this.sent = action;
    this.own = null;
    this.redraw(action);
    const result = await press(this.callId, action, "supervisor");
    this.sent = null;
    // The agent's own answers come to every browser with the picture; the rest is known only here.
    this.own = result.command_id ? null : result;
    if (result.command_id) this.state = { result };
    this.redraw(action);
  }

  ask(action) {
    this.asked = action;
    this.own = null;
    this.redraw(action);
    clearTimeout(this.askedTimer);
    this.askedTimer = setTimeout(() => this.cancel(), CONFIRM_WITHIN_MS);
  }

  cancel() {
    clearTimeout(this.askedTimer);
    if (this.asked === null) return false;
    const action = this.asked;
    this.asked = null;
    this.redraw(action);
    return true;
  }

  redraw(action) {
    this.draw();
    this.refocus(action);
    this.page.noticeMoves();
  }

  /** A redrawn button loses the focus; give it back to where the hands are. */
  refocus(action) {
    if (document.activeElement !== document.body) return;
    const button = this.buttons.querySelector(`[data-action="${action}"]:not(:disabled)`);
    (button ?? this.element.closest(".card"))?.focus({ preventScroll: true });
  }
}
