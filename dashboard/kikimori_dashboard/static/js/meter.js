// A live level meter of one voice.

import { h, setText } from "./dom.js";
import { signed, t } from "./i18n.js";

const QUIETEST_DB = -60;
const LOUDEST_DB = -6;
const MARKED_OVER_CALM_DB = 4;
const RAISED = 0.6; // probability from which the bar says "raised"

export class Meter {
  constructor(role) {
    this.role = role;
    this.name = h("span", { class: "meter-name" });
    this.fill = h("span", { class: "meter-fill" });
    this.over = h("span", { class: "meter-over" });
    this.element = h("div", { class: "meter", dataset: { role } },
      this.name, h("span", { class: "meter-bar", "aria-hidden": "true" }, this.fill), this.over);
  }

  update(leg) {
    setText(this.name, t(`role.${this.role}`));
    const share = leg?.speaking ? (leg.level_db - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB) : 0;
    this.fill.style.setProperty("--share", Math.min(1, Math.max(0, share)).toFixed(3));
    this.element.dataset.speaking = leg?.speaking ? "yes" : "no";
    this.element.dataset.raised = leg?.speaking && leg.effort >= RAISED ? "yes" : "no";
    const marked = leg?.speaking && leg.over_calm_db !== null && leg.over_calm_db >= MARKED_OVER_CALM_DB;
    setText(this.over, marked ? t("level.over_calm", { db: signed(leg.over_calm_db) }) : "");
  }
}
