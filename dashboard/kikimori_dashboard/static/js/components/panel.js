// The selected call in full: who, where the customer is, every word, the course of the call, notes, and all actions.

import { Buttons } from "./buttons.js";
import { callerName, callerText, who } from "./call_names.js";
import { EndingBox } from "./ending_box.js";
import { fill, h, setText, show } from "./dom.js";
import { ofSupervisor } from "./known_caller.js";
import { clock, current, t, title } from "../store/i18n.js";
import { ListenBar } from "./listen_bar.js";
import { fillMarks, marksKey, marksRow, presses, viewer } from "./marks.js";
import { Notes } from "./notes.js";
import { recordingMark } from "./recording.js";
import { look, shape } from "./severity.js";
import { Timeline } from "./timeline.js";
import { Transcript } from "./transcript.js";
import { mostUrgent } from "../store/lanes.js";
import { superiorSpeaks, whereabouts } from "../store/whereabouts.js";
import { outOfReach, shownSeverity, unwatched } from "./unwatched.js";
import { reason, sentences } from "./why.js";
import { reasonsKey } from "../store/help_reasons.js";

const LINGER_MS = 15_000; // a call that is over is shown so long, for whoever reads it
const TABS = ["words", "course", "notes"];

export class Panel {
  /**
   * @param {HTMLElement} element
   * @param {import("./board.js").Board} board
   */
  constructor(element, board) {
    this.element = element;
    this.board = board;
    /** @type {any} */
    this.picture = null;
    /** @type {any} */
    this.call = null;
    /** @type {string | null} the call that somebody selected; null = the worst one is shown */
    this.wanted = null;
    this.pointer = false;
    /** @type {number | null} when the shown call was found to be over */
    this.overAt = null;
    this.badge = h("span", { class: "badge" });
    this.name = h("h2", { class: "who", id: "panel-who" });
    this.timer = h("span", { class: "timer", role: "timer", "aria-live": "off" });
    this.close = h("button", { type: "button", class: "quiet close", onclick: () => board.select(null) }, "✕");
    this.auto = h("p", { class: "auto" });
    this.caller = h("p", { class: "caller" });
    this.known = h("p", { class: "known" });
    this.where = h("p", { class: "where", role: "status" });
    this.since = h("span", { class: "seconds", "aria-hidden": "true" });
    this.place = h("span");
    this.where.append(this.place, this.since);
    this.stale = h("p", { class: "stale" });
    this.limits = h("p", { class: "limits", hidden: true }); // what works all the same while nothing arrives
    this.listen = new ListenBar(board.listening);
    this.why = h("ul", { class: "why" });
    this.transcript = new Transcript();
    this.timeline = new Timeline();
    this.notes = new Notes();
    this.ending = new EndingBox(viewer, { closed: () => this.focusButtons() });
    /** @type {Record<string, HTMLElement>} */
    this.parts = { words: this.transcript.element, course: this.timeline.element, notes: this.notes.element };
    /** @type {Record<string, HTMLElement>} */
    this.tabs = Object.fromEntries(TABS.map((each) => [each, h("button", { type: "button", role: "tab", id: `tab-${each}`, "aria-controls": `part-${each}`, onclick: () => this.open(each), onkeydown: (/** @type {KeyboardEvent} */ event) => this.turn(event, each) })]));
    for (const each of TABS) {
      this.parts[each].id = `part-${each}`;
      this.parts[each].setAttribute("role", "tabpanel");
      this.parts[each].setAttribute("aria-labelledby", `tab-${each}`);
    }
    this.foot = h("div", { class: "panel-actions" });
    this.body = h("div", { class: "panel-body" },
      h("header", {}, this.badge, this.name, this.timer, this.close),
      this.caller, this.known, h("div", { class: "placed" }, this.where, this.stale, this.limits), h("div", { class: "heard" }, this.listen.element, this.auto), this.why,
      h("div", { class: "tabs", role: "tablist" }, ...TABS.map((each) => this.tabs[each])),
      ...TABS.map((each) => this.parts[each]), this.foot);
    this.empty = h("p", { class: "none" });
    element.append(this.empty, this.body);
    element.setAttribute("aria-labelledby", "panel-who");
    element.addEventListener("pointerenter", () => { this.pointer = true; });
    element.addEventListener("pointerleave", () => { this.pointer = false; });
    this.open("words");
  }

  /** @returns {string | null} the call that is shown and goes on */
  get callId() {
    return this.call && this.picture?.calls[this.call.call_id] ? this.call.call_id : null;
  }

  /**
   * Shows one part where there is no room for all.
   * @param {string} part
   */
  open(part) {
    this.body.dataset.part = part;
    for (const each of TABS) {
      this.tabs[each].setAttribute("aria-selected", String(each === part));
      this.tabs[each].tabIndex = each === part ? 0 : -1;
    }
  }

  /**
   * @param {KeyboardEvent} event
   * @param {string} part
   */
  turn(event, part) {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    const next = TABS[(TABS.indexOf(part) + by + TABS.length) % TABS.length];
    this.open(next);
    this.tabs[next].focus();
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {string | null} callId the call to show; null = the worst one */
  show(callId) {
    this.wanted = callId;
    if (!this.picture?.known) return;
    this.choose(callId !== null || this.callId !== null);
    this.draw();
  }

  /** Whether somebody's pointer or focus is in the panel: then it shows no other call by itself. */
  held() {
    return this.pointer || this.element.contains(document.activeElement);
  }

  /** @returns {string | null} the call to show where nobody selected one: as in the strip, where the first of all is out of reach */
  first() {
    const { picture } = this;
    const [first = null] = picture.inOrder();
    return first !== null && !picture.usable(picture.calls[first]) ? mostUrgent(picture)?.call_id ?? first : first;
  }

  /**
   * Finds out which call to show; true when it is another one.
   * @param {boolean} asked somebody selected a call just now
   */
  choose(asked = false) {
    const { calls } = this.picture;
    if (this.wanted !== null && !calls[this.wanted]) this.wanted = null;
    const before = this.call?.call_id ?? null;
    const over = before !== null && !calls[before];
    if (!over) this.overAt = null;
    else this.overAt ??= performance.now();
    if (this.wanted === null && before !== null && !asked && (this.held() || (over && performance.now() - (this.overAt ?? 0) < LINGER_MS))) return false;
    const next = this.wanted ?? this.first();
    if (next === before && (next === null || calls[next])) return false;
    this.call = next === null ? null : calls[next];
    this.buttons?.remove();
    this.buttons = next === null ? null : new Buttons(this.board.actionsOf(next), { whole: true });
    this.foot.replaceChildren(...(this.buttons ? [this.ending.element, this.buttons.element] : []));
    this.transcript.begin();
    return true;
  }

  /**
   * @param {any} picture
   * @param {any} changes as of `Picture.takeChanges`
   */
  update(picture, changes) {
    this.picture = picture;
    show(this.element, true);
    const id = this.call?.call_id;
    if (!this.choose() && !changes.all && !changes.closed && !changes.calls.has(id)) {
      if (changes.lines.has(id)) this.drawWords();
      return;
    }
    this.draw();
  }

  draw() {
    const { picture } = this;
    const goesOn = this.call && picture.calls[this.call.call_id];
    show(this.empty, !this.call);
    setText(this.empty, t("panel.empty"));
    show(this.body, this.call !== null);
    if (!this.call) return;
    const call = goesOn ?? { ...this.call, status: "ended" };
    this.call = call;
    const severity = shownSeverity(picture, call);
    const usable = picture.usable(call) && call.status !== "ended";
    const lost = outOfReach(picture, call);
    Object.assign(this.element.dataset, { severity: severity.look, status: call.status });
    fill(this.badge, JSON.stringify(severity), () => [h("span", { class: "shape", "aria-hidden": "true" }, severity.sign), h("span", { class: "word" }, severity.word)]);
    fill(this.name, JSON.stringify([call.operator, current()]), () => [
      h("b", {}, who(call)), " ", call.operator.name && call.operator.number ? h("span", { class: "ext" }, t("call.extension", { number: call.operator.number })) : ""]);
    this.close.setAttribute("aria-label", t("panel.unselect"));
    this.close.title = t("panel.unselect");
    show(this.close, this.wanted !== null);
    show(this.auto, this.wanted === null);
    setText(this.auto, t(call.status === "ended" ? "panel.over" : call.urgency >= 2 ? "panel.worst" : "panel.first"));
    const named = callerName(call);
    const parts = Object.entries({
      named: `${t("role.customer")}: ${named ? callerText(call) : ""}`,
      number: named ? call.caller.number : callerText(call),
      queue: call.queue ? t("call.queue", { name: call.queue }) : null,
    }).filter(([, text]) => text);
    fill(this.caller, JSON.stringify([parts, call.recording, call.stale, call.status, current()]), () => [recordingMark(call), ...parts.map(([part, text]) => h("span", { class: part }, text))]);
    this.name.title = this.name.textContent ?? "";
    this.caller.title = parts.map(([, text]) => text).join("　");
    show(this.known, Boolean(call.known && (call.known.contacts || call.known.manner || call.known.in_charge)));
    fill(this.known, JSON.stringify([call.known, current()]), () => (call.known ? ofSupervisor(call.known, presses()) : []));
    const warned = unwatched(picture, call);
    show(this.stale, warned !== "");
    setText(this.stale, warned);
    show(this.limits, lost);
    setText(this.limits, lost ? t(picture.linked ? "call.stale_marks" : "call.stale_nothing") : "");
    this.listen.update(call, usable);
    this.drawWhere();
    this.drawWhy();
    this.drawWords();
    this.timeline.update(picture, call);
    this.ending.update(call, usable, picture.now());
    this.notes.update(call, picture.linked && call.status !== "ended");
    const notes = call.notes?.length ?? 0;
    setText(this.tabs.words, t("panel.words"));
    setText(this.tabs.course, t("panel.course"));
    setText(this.tabs.notes, notes ? t("panel.notes_n", { n: notes }) : t("panel.notes"));
    this.element.dataset.stale = lost ? "yes" : "no";
    if (!goesOn) this.buttons?.draw(); // of a call that is over nothing else changes
    this.tick(picture.now());
  }

  drawWhere() {
    this.at = whereabouts(this.picture, this.call);
    const { kind, name } = this.at;
    this.where.dataset.kind = kind;
    const place = name ? t(`place.${kind}_name`, { name }) : t(`place.${kind}`);
    setText(this.place, outOfReach(this.picture, this.call) ? t("place.last_known", { place }) : place);
  }

  drawWhy() {
    const { call } = this;
    const alerts = this.picture.alertsOf(call.call_id);
    fillMarks(this.why, JSON.stringify([call.call_id, alerts.map((/** @type {any} */ each) => [each.alert_id, each.revision, marksKey(each)]), reasonsKey()]), () => alerts.flatMap((/** @type {any} */ alert) => [
      h("li", { class: "alert", dataset: { alert: alert.alert_id, severity: look(alert.severity) } },
        h("strong", { title: title(alert.title) }, h("span", { class: "shape", "aria-hidden": "true" }, shape(alert.severity)), title(alert.title)),
        h("span", { class: "fact", title: reason(alert, true) }, reason(alert, true)),
        marksRow(alert, () => this.drawWhy())),
      ...sentences(alert).map((line) => h("li", { class: "sentence", title: line.hint ?? null }, line.text))]));
    show(this.why, alerts.length > 0);
  }

  drawWords() {
    const { call, picture } = this;
    const id = call.call_id;
    if (!picture.calls[id]) return; // of a call that is over the words stay as they were
    this.transcript.update({ lines: picture.lines(id), speech: call.speech, alerts: picture.alertsOf(id), superior: superiorSpeaks(picture, call) });
  }

  /** @param {number} now */
  tick(now) {
    if (!this.picture?.known) return;
    if (this.wanted === null && this.choose()) this.draw();
    if (!this.call) return;
    if (this.call.status !== "ended") setText(this.timer, clock((now - Date.parse(this.call.started_at)) / 1000));
    const since = this.at && this.at.kind !== "talking" && this.at.kind !== "ended" ? this.at.since : null;
    setText(this.since, since === null || since === undefined ? "" : ` ${clock((now - since) / 1000)}`);
    this.timeline.tick(now);
    this.ending.tick(now);
  }

  /**
   * Shows a call with the form for a proposal to end it.
   * @param {string} callId
   */
  askEnding(callId) {
    this.board.cards.get(callId)?.buttons.toggle(false);
    this.bring(callId);
    if (this.call?.call_id === callId && !["proposed", "agreed", "ending"].includes(this.call.ending?.state)) this.ending.ask();
  }

  /**
   * Shows a call, and its buttons in sight.
   * @param {string} callId
   */
  bring(callId) {
    this.board.select(callId);
    this.foot.scrollIntoView({ block: "nearest" });
  }

  focusButtons() {
    /** @type {HTMLElement | null} */ (this.foot.querySelector('[data-action="hang_up"]:not(:disabled)'))?.focus({ preventScroll: true });
  }
}
