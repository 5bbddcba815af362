// One call that needs a decision, on a card of fixed height: who, since when, why, and what to press.

import { Buttons } from "./buttons.js";
import { callerName, who } from "./call_names.js";
import { fill, h, setText, show } from "./dom.js";
import { nth } from "./known_caller.js";
import { clock, current, t, title, word } from "../store/i18n.js";
import { Rewind } from "./listen_bar.js";
import { claimButton, fillMarks, marksKey } from "./marks.js";
import { recordingMark } from "./recording.js";
import { look, shape } from "./severity.js";
import { age, handling } from "./since.js";
import { unwatched } from "./unwatched.js";
import { Voices } from "./voices.js";
import { newestQuotes, reason, reasonHint } from "./why.js";
import { reasonsKey } from "../store/help_reasons.js";

const REASONS = 3; // alerts that are shown with their reason; of more, the titles
const QUOTES = 2;
const LONG_NAME = 16; // letters from which a name is set smaller, so that two lines hold it

/**
 * @typedef {import("../store/picture.js").Picture} Picture
 * @typedef {import("../store/picture.js").Call} Call
 * @typedef {import("../store/picture.js").Alert} Alert
 */

export class Card {
  /**
   * @param {string} callId
   * @param {import("./board.js").Board} board
   */
  constructor(callId, board) {
    this.callId = callId;
    this.board = board;
    this.inSight = true; // until the browser says otherwise
    /** @type {Picture | null} */
    this.picture = null;
    /** @type {Call | null} */
    this.call = null;
    /** @type {Alert[]} */
    this.alerts = [];
    this.usable = false;
    this.badge = h("span", { class: "badge" });
    this.name = h("h3", { class: "who", id: `who-${callId}` });
    this.status = h("span", { class: "status" });
    this.timer = h("span", { class: "timer", role: "timer", "aria-live": "off" });
    this.since = h("span", { class: "since" });
    this.handling = h("span", { class: "handling" });
    this.claim = h("span", { class: "claim" });
    this.caller = h("span", { class: "caller" });
    this.stale = h("p", { class: "stale" });
    this.why = h("ul", { class: "why" });
    this.quotes = h("ul", { class: "quotes" });
    this.rewind = new Rewind(callId, board.listening);
    this.voices = new Voices(this.rewind.element);
    this.actions = board.actionsOf(callId);
    this.buttons = new Buttons(this.actions);
    this.element = h("article", { class: "card", tabindex: "-1", "aria-labelledby": `who-${callId}`, dataset: { call: callId } },
      h("header", {}, this.badge, this.name, this.status, this.timer),
      h("p", { class: "about" }, this.since, this.handling, this.claim, this.caller),
      this.stale, this.why, this.quotes, this.voices.element, this.buttons.element);
    this.element.addEventListener("click", (event) => {
      if (event.target instanceof Element && !event.target.closest("button, select, input, label, .menu")) board.select(callId);
    });
  }

  /**
   * Draws the call again.
   * @param {Picture} picture
   */
  update(picture) {
    this.picture = picture;
    const call = picture.calls[this.callId];
    const alerts = picture.alertsOf(this.callId);
    const severity = call.severity ?? "calm";
    this.call = call;
    this.alerts = alerts;
    this.usable = picture.usable(call);
    Object.assign(this.element.dataset, { severity: look(severity), urgency: call.urgency, status: call.status, stale: this.usable ? "no" : "yes", unconfirmed: call.unconfirmed ? "yes" : "no" });
    fill(this.badge, severity + current(), () => [h("span", { class: "shape", "aria-hidden": "true" }, shape(severity)), h("span", { class: "word" }, word("severity", severity))]);
    fill(this.name, JSON.stringify([call.operator, picture.site.names_people, current()]), () => [
      h("b", {}, who(call)),
      " ",
      call.operator.name && call.operator.number ? h("span", { class: "ext" }, t("call.extension", { number: call.operator.number })) : null,
      // An extension is not a person: whoever is not known is said to be not known.
      picture.site.names_people && !call.operator.name && call.operator.number ? h("span", { class: "ext" }, t("call.nobody_known")) : null,
    ]);
    this.name.title = (this.name.textContent ?? "").trim();
    this.name.dataset.long = who(call).length > LONG_NAME ? "yes" : "no";
    setText(this.status, word("status", call.status));
    this.drawAbout(call);
    const warned = unwatched(picture, call);
    show(this.stale, warned !== "");
    setText(this.stale, warned);
    this.drawWhy(call);
    const mixed = call.roles.length > 0 && !call.roles.includes("customer") && call.roles.includes("mixed");
    this.rewind.update(call, this.usable);
    this.voices.show(mixed ? ["mixed"] : ["customer", "operator"]);
    this.updateLevels(picture);
    this.tick(picture.now());
  }

  /** @param {Picture} picture */
  updateLevels(picture) {
    if (!this.inSight) return;
    const marks = this.alerts.flatMap((alert) => alert.evidence.filter((each) => each.kind !== "duration").map(({ start_s, end_s }) => ({ start_s, end_s })));
    this.voices.update(this.usable ? picture.past(this.callId) : null, this.usable ? picture.levels[this.callId] : null, marks);
  }

  /** The call is over, and the card must stay where it is for a moment. */
  end() {
    if (!this.call || this.call.status === "ended") return;
    this.call = { ...this.call, status: "ended", urgency: 0 };
    this.alerts = [];
    this.buttons.toggle(false);
    this.rewind.update(this.call, false);
    Object.assign(this.element.dataset, { status: "ended", urgency: 0 });
    setText(this.status, t("status.ended"));
    setText(this.since, "");
    setText(this.handling, "");
    this.claim.replaceChildren();
  }

  /** The card leaves the page. */
  remove() {
    this.buttons.remove();
    this.rewind.remove();
    this.element.remove();
  }

  /** Whether something of the card is open that must not be taken away. */
  inUse() {
    return this.buttons.open || this.actions.asked !== null || this.actions.choosing;
  }

  /** @param {Call} call */
  drawAbout(call) {
    const { alerts } = this;
    setText(this.handling, alerts.length ? handling(alerts, call.status) : "");
    this.handling.title = this.handling.textContent ?? "";
    this.handling.dataset.claimed = alerts.some((alert) => alert.claim) ? "yes" : "no";
    fillMarks(this.claim, JSON.stringify([alerts.map(marksKey), current()]), () => [claimButton(alerts, () => this.drawAbout(call))]);
    fill(this.caller, JSON.stringify([call.caller, call.identity, call.queue, call.roles, call.accommodated, call.recording, call.stale, call.known, current()]), () => [
      call.accommodated ? h("strong", { class: "accommodated", title: t("call.accommodated_why") }, t("call.accommodated")) : null,
      party(call),
      call.known && nth(call.known) ? h("span", { class: "nth" }, nth(call.known)) : null,
      call.queue ? h("span", { class: "queue" }, t("call.queue", { name: call.queue })) : null,
      recordingMark(call),
      call.roles.includes("mixed") ? h("span", { class: "queue" }, t("call.mixed_only")) : null,
    ]);
    this.caller.style.setProperty("--digits", String((call.caller.number ?? "").length));
    this.caller.title = [...this.caller.querySelectorAll(".party > *, :scope > :not(.party)")].map((each) => each.textContent).join("　");
  }

  /**
   * Every alert by its title; the worst with their reasons; then the newest of what was said.
   * @param {Call} call
   */
  drawWhy(call) {
    const { alerts } = this;
    const key = JSON.stringify([alerts.map((alert) => [alert.alert_id, alert.revision]), call.returned, reasonsKey()]);
    fill(this.why, key, () => [
      call.returned ? cameBack() : null,
      ...alerts.slice(0, REASONS).map((alert) => alertLine(alert.severity, title(alert.title), reason(alert), reasonHint(alert))),
      alerts.length > REASONS ? h("li", { class: "rest" }, ...alerts.slice(REASONS).map((alert) => heading(alert.severity, title(alert.title)))) : null,
    ]);
    fill(this.quotes, key, () => newestQuotes(alerts, QUOTES).map((line) =>
      h("li", {}, h("time", {}, line.at), h("span", { class: "quote", title: line.text }, line.brief ?? line.text))));
    show(this.why, this.why.childElementCount > 0);
    show(this.quotes, this.quotes.childElementCount > 0);
  }

  /** @param {number} now */
  tick(now) {
    if (!this.inSight || !this.call || this.call.status === "ended") return;
    this.voices.tick();
    setText(this.timer, clock((now - Date.parse(this.call.started_at)) / 1000));
    setText(this.since, this.alerts.length ? t("card.since", { age: age(this.alerts, now) }) : "");
  }
}

/**
 * The customer: a name that may be cut, and the number.
 * @param {Call} call
 */
function party(call) {
  const name = callerName(call);
  return h("span", { class: "party" },
    h("span", { class: "prefix" }, `${t("role.customer")}: `),
    name ? h("span", { class: "name" }, name) : null,
    call.caller.number ? h("span", { class: "number" }, call.caller.number) : null);
}

/** @type {(severity: string, text: string) => HTMLElement} */
const heading = (severity, text) => h("strong", { title: text, dataset: { severity: look(severity) } }, h("span", { class: "shape", "aria-hidden": "true" }, shape(severity)), text);

/** What happened, in few words: the line is as high as one of an alert. */
const cameBack = () => h("li", { class: "alert came-back", title: t("call.returned"), dataset: { severity: "warning" } }, heading("warning", t("strip.returned")));

/** @type {(severity: string, text: string, why: string, hint: string) => HTMLElement} */
const alertLine = (severity, text, why, hint) =>
  h("li", { class: "alert", dataset: { severity: look(severity) } }, heading(severity, text), why ? h("span", { class: "fact", title: hint }, why) : null);
