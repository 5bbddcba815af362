// Alerts of a recorded call: why each was raised, how it went on, and whether somebody called it a false alarm.

import { clock, current, find, t, title, word } from "../store/i18n.js";
import { momentOf } from "../store/recorded.js";
import { fill, h, setText, show } from "./dom.js";
import { look, shape } from "./severity.js";
import { corrections, why } from "./why.js";

/**
 * @typedef {import("../store/recorded.js").RecordedAlert} Alert
 * @typedef {import("../store/recorded.js").FalseMark} FalseMark
 * @typedef {{id: string} & Record<string, string>} Reason
 */

const FEW = 3; // pieces of evidence that are said in words, see why.js

export class RecordedAlerts {
  /**
   * @param {object} given
   * @param {(seconds: number) => void} given.seek
   * @param {(alertId: string, path: string, body: object) => Promise<boolean>} given.send sends a mark; false where it failed
   */
  constructor({ seek, send }) {
    this.seek = seek;
    this.send = send;
    this.title = h("h2");
    this.list = h("ol", { class: "alerts" });
    this.none = h("p", { class: "none", hidden: true });
    this.element = h("section", { class: "part", dataset: { part: "alerts" } }, this.title, this.none, this.list);
    /** @type {Reason[]} */
    this.reasons = [];
    this.choosing = "";
    this.shown = "";
  }

  /**
   * @param {import("../store/recorded.js").RecordedCall} recorded
   * @param {Record<string, FalseMark>} marks by alert
   */
  update(recorded, marks) {
    this.last = { recorded, marks };
    setText(this.title, t("recorded.alerts_n", { n: recorded.alerts.length }));
    show(this.none, recorded.alerts.length === 0);
    setText(this.none, t("recorded.no_alerts"));
    fill(this.list, JSON.stringify([recorded.alerts.map((alert) => [alert.alert_id, alert.evidence.length]), recorded.may, marks, this.choosing, this.reasons.length, this.shown, current()]), () =>
      recorded.alerts.map((alert) => this.item(alert, recorded, marks[alert.alert_id] ?? null)));
  }

  again() {
    if (this.last) this.update(this.last.recorded, this.last.marks);
  }

  /** Shows an alert that an address names. @param {string} alertId */
  point(alertId) {
    this.shown = alertId;
    this.again();
    this.list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  /**
   * @param {Alert} alert
   * @param {import("../store/recorded.js").RecordedCall} recorded
   * @param {FalseMark | null} mark
   */
  item(alert, { call, may }, mark) {
    const severity = look(alert.severity);
    const first = alert.evidence.length ? Math.min(...alert.evidence.map(momentOf)) : alert.opened_s;
    return h("li", { dataset: { severity, alert: alert.alert_id, false: mark ? "yes" : "no" }, "aria-current": alert.alert_id === this.shown ? "true" : null },
      h("h3", {}, h("span", { class: "shape", dataset: { severity }, "aria-hidden": "true" }, shape(alert.severity)), h("span", { class: "unseen" }, `${word("severity", alert.severity)} `),
        title(alert.title), " ", this.goTo(Math.min(first, alert.opened_s))),
      // Second 0 of a recorded call is its begin: by it, moments are said by the clock on the wall.
      h("ul", { class: "why" }, ...why({ ...alert, raised_at: call.started_at, raised_s: 0 }).map((line) => h("li", {}, this.whenOf(line), line.text, line.hint ? h("small", {}, line.hint) : null))),
      ...this.all(alert),
      h("p", { class: "life" }, lifeText(alert)),
      ...this.marks(alert, mark, may.false_alarm));
  }

  /** @param {import("./why.js").Line} line */
  whenOf(line) {
    if (line.start_s !== undefined) return h("span", {}, this.goTo(line.start_s), " ");
    return line.at ? h("time", {}, `${line.at} `) : null;
  }

  /**
   * Every moment of an alert with more evidence than is said in words.
   * @param {Alert} alert
   */
  all(alert) {
    if (alert.evidence.length <= FEW) return [];
    const moments = [...new Set(alert.evidence.map(momentOf))];
    return [h("details", {}, h("summary", {}, t("recorded.all_evidence", { n: moments.length })), h("p", { class: "moments" }, ...moments.map((each) => this.goTo(each))))];
  }

  /** @param {number} seconds */
  goTo(seconds) {
    return h("button", { type: "button", class: "time", title: t("recorded.go_to", { time: clock(seconds) }), onclick: () => this.seek(seconds) }, clock(seconds));
  }

  /**
   * @param {Alert} alert
   * @param {FalseMark | null} mark
   * @param {boolean} may
   */
  marks(alert, mark, may) {
    const id = alert.alert_id;
    /** @param {string} path */
    const post = (path, body = {}) => async () => {
      this.choosing = "";
      await this.send(id, path, body);
      this.again();
    };
    if (mark) {
      const reason = this.reasons.find((each) => each.id === mark.reason)?.[current()] ?? mark.reason;
      return [h("p", { class: "false" }, t("mark.false", { reason, name: mark.name }), may ? h("button", { type: "button", class: "quiet", onclick: post("/false/undo") }, t("mark.undo")) : null)];
    }
    if (!may) return [];
    if (this.choosing !== id) {
      return [h("button", { type: "button", class: "quiet", "aria-expanded": "false", onclick: () => { this.choosing = id; this.again(); } }, t("mark.is_false"))];
    }
    return [h("div", { class: "reasons", role: "group", "aria-label": t("mark.why_false") },
      ...this.reasons.map((each) => h("button", { type: "button", class: "secondary", onclick: post("/false", { reason: each.id }) }, each[current()] ?? each.id)),
      h("button", { type: "button", class: "quiet", onclick: () => { this.choosing = ""; this.again(); } }, t("keys.close")))];
  }
}

/**
 * How an alert went on, in one line.
 * @param {Alert} alert
 */
function lifeText(alert) {
  const parts = alert.life.filter(({ state }) => state !== "closed").map((each) => [clock(each.media_s), word("severity", each.severity), ...corrections(each)].join(" "));
  const closed = alert.closed_s === null ? t("recorded.open_to_end") : `${clock(alert.closed_s)} ${t("recorded.closed", { because: alert.closed_because ? (find(`closed.${alert.closed_because}`) ?? alert.closed_because) : "" })}`;
  return [...parts, closed].join(" → ");
}
