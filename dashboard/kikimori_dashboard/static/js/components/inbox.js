// Alerts one below the other in the order in which they were raised, requests for help on top, to be gone through.

import { callerText, who } from "./call_names.js";
import { arrange, h, setText, show } from "./dom.js";
import * as i18n from "../store/i18n.js";
import { fillMarks, marksKey, marksRow, presses, reviewButton } from "./marks.js";
import { isHelp } from "../store/rank.js";
import { look, shape } from "./severity.js";

const { t } = i18n;

export class Inbox {
  /**
   * @param {HTMLElement} element
   * @param {(callId: string) => void} goTo shows a call
   */
  constructor(element, goTo) {
    this.goTo = goTo;
    this.title = /** @type {HTMLElement} */ (element.querySelector("h2"));
    this.lists = { help: h("ol", { class: "help" }), others: h("ol") };
    this.none = h("p", { class: "none" });
    element.append(this.none, this.lists.help, this.lists.others);
    /** @type {Map<string, HTMLElement>} */
    this.items = new Map();
  }

  /**
   * Draws the open alerts; an item keeps its element, so that focus and place stay.
   * @param {any} picture
   */
  update(picture) {
    this.picture = picture;
    const alerts = Object.values(picture.alerts).sort((a, b) => a.raised_at.localeCompare(b.raised_at) || a.alert_id.localeCompare(b.alert_id));
    const known = new Set(alerts.map((alert) => alert.alert_id));
    for (const id of this.items.keys()) if (!known.has(id)) this.items.delete(id);
    for (const list of /** @type {const} */ (["help", "others"])) {
      const wanted = alerts.filter((alert) => isHelp(alert) === (list === "help"));
      arrange(this.lists[list], wanted.map((alert) => this.item(alert)));
      show(this.lists[list], wanted.length > 0);
    }
    const open = presses() ? alerts.filter((alert) => !picture.reviewed.has(alert.alert_id)).length : 0;
    setText(this.title, open ? t("inbox.title_open", { n: open }) : t("inbox.title"));
    show(this.none, alerts.length === 0);
    setText(this.none, t("inbox.none"));
  }

  /** @param {any} alert */
  item(alert) {
    const id = alert.alert_id;
    let item = this.items.get(id);
    if (!item) {
      item = h("li", { class: "inbox-item", dataset: { alert: id, inboxCall: alert.call_id } });
      this.items.set(id, item);
    }
    const reviewed = this.picture.reviewed.has(id);
    Object.assign(item.dataset, { severity: look(alert.severity), reviewed: reviewed ? "yes" : "no" });
    const call = this.picture.calls[alert.call_id];
    const ring = call ? null : this.picture.ringing[alert.call_id];
    fillMarks(item, JSON.stringify([alert.revision, reviewed, marksKey(alert), call?.operator ?? null, ring ?? null, i18n.current()]), () => [
      h("button", { type: "button", class: "quiet inbox-call", dataset: { part: "call" }, onclick: () => this.goTo(alert.call_id) },
        h("time", { datetime: alert.raised_at }, i18n.timeOfDay(alert.raised_at)),
        h("span", { class: "shape", "aria-hidden": "true" }, shape(alert.severity)),
        h("span", { class: "text" }, h("b", {}, call ? who(call) : ring ? t("ring.inbox", { caller: callerText(ring) }) : alert.operator.name ?? alert.operator.number ?? t("call.unknown_operator")), ` ${i18n.title(alert.title)}`)),
      reviewButton(alert, reviewed, () => this.update(this.picture)),
      marksRow(alert, () => this.update(this.picture)),
    ]);
    return item;
  }
}
