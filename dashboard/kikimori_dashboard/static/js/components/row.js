// One calm call as a row of 32 pixels. Buttons only under a hand.

import { Buttons } from "./buttons.js";
import { callerName, callerText, who } from "./call_names.js";
import { h, setText } from "./dom.js";
import { nth } from "./known_caller.js";
import { clock, t, title } from "../store/i18n.js";
import { loudness } from "./loudness.js";
import { shownSeverity, unwatchedShort } from "./unwatched.js";
import { correction } from "./why.js";

export const ROW_PX = 34; // with the gap, as in css/rows.css

export class Row {
  /**
   * @param {string} callId
   * @param {import("./board.js").Board} board
   */
  constructor(callId, board) {
    this.callId = callId;
    this.board = board;
    /** @type {Buttons | null} */
    this.buttons = null;
    this.level = "";
    this.placed = "";
    this.sign = h("span", { class: "shape", "aria-hidden": "true" });
    this.state = h("span", { class: "unseen" });
    this.name = h("b", { class: "who" });
    this.ext = h("span", { class: "ext" });
    this.caller = h("span", { class: "caller" });
    this.queue = h("span", { class: "queue" });
    this.about = h("span", { class: "row-about" });
    this.bars = h("span", { class: "bars", "aria-hidden": "true" });
    this.timer = h("span", { class: "timer" });
    this.element = h("li", { class: "row", tabindex: "-1", dataset: { call: callId } }, this.sign, this.state, this.name, this.ext, this.caller, this.about, this.queue, this.bars, this.timer);
    this.element.addEventListener("click", () => board.select(callId));
    this.element.addEventListener("pointerenter", () => this.offer(true));
    this.element.addEventListener("focusin", () => this.offer(true));
    this.element.addEventListener("pointerleave", () => this.offer(false));
    this.element.addEventListener("focusout", () => setTimeout(() => this.offer(false)));
  }

  /** @param {boolean} wanted whether there are buttons; they stay while a hand is on the row, or a press asks again */
  offer(wanted) {
    if (wanted && !this.buttons && this.call?.status !== "ended") {
      this.buttons = new Buttons(this.board.actionsOf(this.callId));
      this.element.append(this.buttons.element);
    } else if (!wanted && this.buttons && !this.inUse()) {
      this.buttons.remove();
      this.buttons.element.remove();
      this.buttons = null;
    }
  }

  /**
   * Puts the row in its place.
   * @param {number} at
   * @param {number} columns
   * @param {number} of how many rows there are
   */
  place(at, columns, of) {
    const placed = `${at} ${columns} ${of}`;
    if (placed === this.placed) return;
    this.placed = placed;
    const { style } = this.element;
    style.top = `${Math.floor(at / columns) * ROW_PX}px`;
    style.left = columns === 2 && at % 2 ? "calc(50% + 3px)" : "0";
    style.width = columns === 2 ? "calc(50% - 3px)" : "100%";
    this.element.setAttribute("aria-setsize", String(of));
    this.element.setAttribute("aria-posinset", String(at + 1));
  }

  inUse() {
    return this.element.matches(":hover, :focus-within");
  }

  /** @param {any} picture */
  update(picture) {
    const call = picture.calls[this.callId];
    if (!call) return;
    this.call = call;
    const usable = picture.usable(call);
    const [alert] = picture.alertsOf(this.callId);
    const severity = shownSeverity(picture, call);
    Object.assign(this.element.dataset, { severity: severity.look, status: call.status, stale: usable && !call.unconfirmed ? "no" : "yes", reach: usable ? "yes" : "no" });
    if (this.board.selected === this.callId) this.element.dataset.selected = "yes";
    else delete this.element.dataset.selected;
    setText(this.sign, severity.sign);
    setText(this.state, `${severity.word} `);
    setText(this.name, who(call));
    setText(this.ext, call.operator.name ? call.operator.number ?? "" : picture.site.names_people ? t("call.nobody_known") : "");
    const name = callerText(call);
    const times = call.known?.contacts ? t("caller.nth_short", { n: call.known.contacts + 1 }) : "";
    setText(this.caller, [name, times].filter(Boolean).join("・"));
    setText(this.about, unwatchedShort(picture, call) || (alert ? [title(alert.title), correction(alert)].filter(Boolean).join(" ") : call.speech === "off" ? t("call.speech_off") : ""));
    setText(this.queue, call.queue ?? "");
    this.element.title = [who(call), call.operator.number, callerName(call), call.caller.number, call.known ? nth(call.known) : "", call.queue, this.about.textContent].filter(Boolean).join("　");
    this.updateLevels(picture);
    this.tick(picture.now());
  }

  /** @param {any} picture */
  updateLevels(picture) {
    const levels = this.element.dataset.stale === "no" ? picture.levels[this.callId] : null;
    const text = ["customer", "operator"].map((role) => share(levels?.[role] ?? levels?.mixed ?? null)).join(" ");
    if (text === this.level) return;
    this.level = text;
    const [customer, operator] = text.split(" ");
    this.bars.style.backgroundSize = `${customer}% 4px, ${operator}% 4px`;
  }

  /** The call is over, and the row must stay where it is for a moment. */
  end() {
    if (!this.call || this.call.status === "ended") return;
    this.call = { ...this.call, status: "ended" };
    this.element.dataset.status = "ended";
    setText(this.about, t("status.ended"));
    this.bars.style.backgroundSize = "0 0";
  }

  /** @param {number} now */
  tick(now) {
    if (this.call && this.call.status !== "ended") setText(this.timer, clock((now - Date.parse(this.call.started_at)) / 1000));
  }

  remove() {
    this.buttons?.remove();
    this.element.remove();
  }
}

/** @param {any} leg */
const share = (leg) => (leg?.speaking ? loudness(leg.level_db) : 0);
