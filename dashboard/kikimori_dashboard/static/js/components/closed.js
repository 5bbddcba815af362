// Alerts that are over, the newest first, with what people say of them.

import { arrange, h, setText, show } from "./dom.js";
import * as i18n from "../store/i18n.js";
import { fillMarks, marksKey, marksRow } from "./marks.js";
import { look, shape } from "./severity.js";

const { t } = i18n;

/** @typedef {import("../store/picture.js").Alert} Alert */

export class Closed {
  /**
   * @param {HTMLElement} element
   * @param {HTMLElement} title
   * @param {HTMLElement} list
   */
  constructor(element, title, list) {
    this.element = element;
    this.title = title;
    this.list = list;
    /** @type {Map<string, HTMLElement>} */
    this.items = new Map();
  }

  /**
   * Draws the list; an alert keeps its element.
   * @param {Alert[]} closed
   * @param {number} more how many are left out
   */
  update(closed, more) {
    show(this.element, closed.length > 0);
    setText(this.title, `${t("section.closed")} (${closed.length})${more ? ` ${t("left_out.closed", { n: more })}` : ""}`);
    const before = this.items;
    this.items = new Map(closed.map((alert) => [alert.alert_id, before.get(alert.alert_id) ?? h("li")]));
    for (const alert of closed) this.draw(alert);
    arrange(this.list, [...this.items.values()]);
  }

  /** @param {Alert} alert */
  draw(alert) {
    const item = this.items.get(alert.alert_id);
    if (!item) return;
    fillMarks(item, JSON.stringify([alert.revision, marksKey(alert), i18n.current()]), () => [
      h("time", {}, i18n.timeOfDay(alert.updated_at)),
      h("span", { class: "shape", dataset: { severity: look(alert.severity) }, "aria-hidden": "true" }, shape(alert.severity)),
      h("span", {}, `${alert.operator.name ?? alert.operator.number ?? t("call.unknown_operator")}　${i18n.title(alert.title)}`),
      h("span", { class: "because" }, alert.closed_because ? i18n.word("closed", alert.closed_because) : ""),
      marksRow(alert, () => this.draw(alert))]);
  }
}
