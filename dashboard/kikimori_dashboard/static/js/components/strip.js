// The strip: the worst call as one sentence, its age and its button; or that nothing needs a decision; or that nobody knows.

import { Buttons } from "./buttons.js";
import { who } from "./call_names.js";
import { fill, h, setText, show } from "./dom.js";
import * as i18n from "../store/i18n.js";
import { mostUrgent, urgentCalls } from "../store/lanes.js";
import { UNKNOWN, look, shape } from "./severity.js";
import { age, handling } from "./since.js";
import { unwatched } from "./unwatched.js";

const { t } = i18n;
const LEAST_LETTERS = 6; // of a name, however long the reasons are
const NEW_FOR_MS = 400; // a press this soon after the strip showed another call may have been meant for that before

/**
 * Whether what is shown is all there is: the feed, the broker and every agent are there.
 * @param {import("../store/picture.js").Picture} picture
 */
export function watched(picture) {
  const agents = Object.values(picture.agents);
  return picture.linked && picture.site.broker_connected && !picture.age.late() && agents.length > 0 && agents.every((agent) => agent.online && !agent.unconfirmed);
}

export class Strip {
  /**
   * @param {HTMLElement} element
   * @param {import("./board.js").Board} board
   */
  constructor(element, board) {
    this.element = element;
    this.board = board;
    /** @type {string | null} */
    this.callId = null;
    /** @type {import("../store/picture.js").Alert[]} of the call */
    this.alerts = [];
    this.shownAt = -Infinity; // when it began to show this call
    /** @type {Buttons | null} */
    this.buttons = null;
    this.headline = h("div", { class: "headline" });
    this.since = h("span", { class: "since" });
    this.whose = h("span", { class: "whose" }); // where the button stands apart from the sentence
    this.act = h("div", { class: "act" });
    this.ask = h("p", { class: "ask-operator", hidden: true }); // in place of a button that would reach nobody
    this.more = h("button", { type: "button", class: "others", onclick: () => this.showOthers() });
    this.totals = h("span", { class: "totals" });
    element.append(this.headline, this.since, this.act, this.ask, this.more, this.totals);
    this.over = false;
    this.act.addEventListener("pointerenter", () => { this.over = true; });
    for (const event of ["pointerleave", "pointercancel"]) this.act.addEventListener(event, () => { this.over = false; });
  }

  /** Whether a hand is on the button: then it stays the button of this call. */
  held() {
    return this.over || this.act.matches(":has(:focus-visible)") || (this.callId !== null && this.board.actions.get(this.callId)?.asked != null);
  }

  /** @param {import("../store/picture.js").Picture} picture */
  draw(picture) {
    const calls = picture.known ? Object.values(picture.calls) : [];
    const urgent = picture.known ? urgentCalls(picture) : [];
    const kept = this.held() ? urgent.find((call) => call.call_id === this.callId && picture.usable(call)) : undefined;
    const worst = kept ?? mostUrgent(picture, urgent);
    const seen = picture.known && watched(picture);
    const usable = worst !== undefined && picture.usable(worst);
    this.element.dataset.severity = worst && usable ? look(worst.severity) : seen && !worst ? "calm" : "unknown";
    this.showButton(worst?.call_id ?? null);
    show(this.act, usable);
    show(this.ask, worst !== undefined && !usable);
    const lost = worst ? unwatched(picture, worst) : "";
    setText(this.ask, lost);
    this.ask.title = lost;
    setText(this.whose, worst ? t("strip.whose", { who: who(worst) }) : "");
    this.whose.title = this.whose.textContent ?? "";
    this.alerts = worst ? picture.alertsOf(worst.call_id) : [];
    const mood = this.element.dataset.severity;
    const text = mood === "unknown" ? "strip.unknown" : calls.length ? "strip.calm" : "strip.no_calls";
    const key = JSON.stringify([mood, worst?.call_id, worst?.operator, worst?.returned, this.alerts.map((alert) => [alert.alert_id, alert.revision, alert.claim, alert.unanswered?.louder, alert.unanswered?.alarm]), text, i18n.current()]);
    fill(this.headline, key, () => (worst ? sentence(worst, this.alerts, mood) : [h("span", { class: "shape", "aria-hidden": "true" }, mood === "unknown" ? UNKNOWN : "✓"), h("strong", {}, t(text))]));
    show(this.more, urgent.length > 1);
    setText(this.more, t("strip.more", { n: urgent.length - 1 }));
    const handled = calls.filter((call) => call.status === "transferred").length;
    setText(this.totals, calls.length ? t("strip.calls", { n: calls.length }) + (handled ? ` ・ ${t("strip.handled", { n: handled })}` : "") : "");
    this.tick(picture);
  }

  /** @param {string | null} callId */
  showButton(callId) {
    if (this.callId === callId) return;
    this.buttons?.remove();
    this.buttons = null;
    this.callId = callId;
    this.shownAt = performance.now();
    if (callId === null) {
      this.act.replaceChildren();
      return;
    }
    this.buttons = new Buttons(this.board.actionsOf(callId), { only: true, unsure: () => performance.now() - this.shownAt < NEW_FOR_MS });
    this.act.replaceChildren(this.whose, this.buttons.element);
  }

  /** @param {import("../store/picture.js").Picture} picture */
  tick(picture) {
    setText(this.since, this.alerts.length && picture.known ? t("strip.since", { age: age(this.alerts, picture.now()) }) : "");
  }

  /** Goes to the call after the one that is shown. */
  showOthers() {
    const urgent = urgentCalls(this.board.picture).map((call) => call.call_id);
    const at = urgent.indexOf(this.board.current() ?? "");
    const next = urgent.find((callId, index) => index > at && callId !== this.callId) ?? urgent.find((callId) => callId !== this.callId);
    if (next) this.board.goTo(next);
  }
}

/**
 * @param {import("../store/picture.js").Call} call
 * @param {import("../store/picture.js").Alert[]} alerts
 * @param {string | undefined} mood
 */
function sentence(call, alerts, mood) {
  const reasons = [...new Set([...(call.returned ? [t("strip.returned")] : []), ...alerts.map((alert) => i18n.title(alert.title))])].join(" ・ ");
  const severity = call.severity ?? "warning";
  const whom = h("span", { class: "whom" }, who(call));
  whom.style.setProperty("--letters", String(Math.min(LEAST_LETTERS, widthOf(who(call)))));
  return [
    mood === "unknown" ? h("span", { class: "blind" }, t("strip.unknown")) : h("span", { class: "badge" }, h("span", { class: "shape", "aria-hidden": "true" }, shape(severity)), i18n.word("severity", severity)),
    h("strong", { title: t("strip.sentence", { who: who(call), reasons }) }, whom, h("span", { class: "reasons" }, t("strip.sentence", { who: "", reasons }))),
    alerts.length ? h("span", { class: "handling" }, handling(alerts, call.status)) : null,
  ];
}

/**
 * About the width of a text in em.
 * @param {string} text
 */
const widthOf = (text) => [...text].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 1 : 0.5), 0);

/** @type {number | null} the number that the browser shows */
let outside = null;
let language = ""; // of the title

/**
 * What the browser shows of it beside the page: title, icon, badge.
 * @param {number} number
 */
export function drawOutside(number) {
  if (number === outside && language === i18n.current()) return;
  document.title = `${number ? `(${number}) ${t("severity.warning")} – ` : ""}${t("app.name")}`;
  outside = number;
  language = i18n.current();
  document.querySelector("link[rel=icon]")?.setAttribute("href", number ? "/static/icon-alert.svg" : "/static/icon.svg");
  (number ? navigator.setAppBadge?.(number) : navigator.clearAppBadge?.())?.catch(() => {});
}
