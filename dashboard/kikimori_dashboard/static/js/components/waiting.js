// Calls that need a decision and for which no slot is free: a list, each call with its button. It opens by itself for a critical call.

import { Buttons } from "./buttons.js";
import { who } from "./call_names.js";
import { fill, h, setText, show } from "./dom.js";
import { current, t, title } from "../store/i18n.js";
import { look, shape } from "./severity.js";
import { age } from "./since.js";
import { outOfReach, unwatchedShort } from "./unwatched.js";

/** One call of the list. */
class WaitingCall {
  /**
   * @param {string} callId
   * @param {import("./board.js").Board} board
   */
  constructor(callId, board) {
    this.callId = callId;
    this.board = board;
    this.shape = h("span", { class: "shape", "aria-hidden": "true" });
    this.name = h("b", { class: "who" });
    this.text = h("span", { class: "text" });
    this.since = h("span", { class: "since" });
    this.buttons = new Buttons(board.actionsOf(callId), { only: true });
    this.element = h("li", { class: "waits", tabindex: "-1", dataset: { call: callId } }, this.shape, this.name, this.text, this.since, this.buttons.element);
    this.element.addEventListener("click", (event) => { if (!(/** @type {HTMLElement} */ (event.target).closest("button"))) board.select(callId); });
  }

  /** @param {any} picture */
  update(picture) {
    const call = picture.calls[this.callId];
    if (!call) return;
    this.alerts = picture.alertsOf(this.callId);
    this.element.dataset.severity = look(call.severity);
    setText(this.shape, shape(call.severity));
    this.element.dataset.stale = outOfReach(picture, call) ? "yes" : "no";
    if (this.board.selected === this.callId) this.element.dataset.selected = "yes";
    else delete this.element.dataset.selected;
    setText(this.name, who(call));
    const reasons = [...(call.returned ? [t("strip.returned")] : []), ...this.alerts.map((/** @type {any} */ alert) => title(alert.title))].join(" ・ ");
    setText(this.text, [unwatchedShort(picture, call), reasons].filter(Boolean).join(" ・ "));
    this.element.title = `${who(call)}　${this.text.textContent}`;
    this.tick(picture.now());
  }

  /** @param {number} now */
  tick(now) {
    setText(this.since, this.alerts?.length ? t("strip.since", { age: age(this.alerts, now) }) : "");
  }
}

export class Waiting {
  /**
   * @param {HTMLDetailsElement} element
   * @param {import("./board.js").Board} board
   */
  constructor(element, board) {
    this.board = board;
    this.element = element;
    this.title = h("summary", { id: "waiting-title" });
    this.list = h("ol");
    element.append(this.title, this.list);
    this.closed = false; // by hand, and stays so until nobody waits
    // Before the browser opens or closes it.
    this.title.addEventListener("click", () => { this.closed = element.open; });
    /** @type {Map<string, WaitingCall>} */
    this.calls = new Map();
  }

  /**
   * @param {any} picture
   * @param {string[]} callIds in their order
   */
  update(picture, callIds) {
    const critical = callIds.filter((callId) => picture.calls[callId]?.severity === "critical").length;
    show(this.element, callIds.length > 0);
    this.title.dataset.severity = critical ? "critical" : "warning";
    fill(this.title, JSON.stringify([callIds.length, critical, current()]), () => [
      t("strip.more", { n: callIds.length }),
      critical ? h("span", { class: "worst" }, h("span", { class: "shape", "aria-hidden": "true" }, shape("critical")), t("strip.critical", { n: critical })) : null]);
    if (!callIds.length) this.closed = this.element.open = false;
    // It moves the rows below it, so not under a hand; as long as somebody waits the next tick asks again.
    else if (critical && !this.closed && !this.board.hands.on()) this.element.open = true;
    for (const [callId, call] of this.calls) {
      if (callIds.includes(callId)) continue;
      call.buttons.remove();
      call.element.remove();
      this.calls.delete(callId);
    }
    // Whoever comes stands last, whatever it is: nothing moves under a hand.
    for (const callId of callIds) {
      let call = this.calls.get(callId);
      if (!call) {
        call = new WaitingCall(callId, this.board);
        this.calls.set(callId, call);
        this.list.append(call.element);
      }
      call.update(picture);
    }
  }

  /** @param {number} now */
  tick(now) {
    if (this.element.open) for (const call of this.calls.values()) call.tick(now);
  }
}
