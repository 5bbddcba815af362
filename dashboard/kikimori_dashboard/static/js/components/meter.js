// A live level meter of one voice.

import { h, setText } from "./dom.js";
import { signed, t } from "../store/i18n.js";

const QUIETEST_DB = -60;
const LOUDEST_DB = -6;
const MARKED_OVER_CALM_DB = 4;
const RAISED = 0.6; // probability from which the bar says "raised"

export class Meter {
  constructor(role) {
    this.role = role;
    this.shown = {}; // what stands on the page, so that only what differs is written
    this.name = h("span", { class: "meter-name" });
    this.bar = h("span", { class: "meter-bar", "aria-hidden": "true" });
    this.over = h("span", { class: "meter-over" });
    this.element = h("div", { class: "meter", dataset: { role } },
      this.name, this.bar, this.over);
  }

  /** Writes the name again, in the language of the page. */
  label() {
    setText(this.name, t(`role.${this.role}`));
  }

  /** `leg`: the level of the voice, or null where it is not known. */
  update(leg) {
    const speaking = Boolean(leg?.speaking);
    const share = speaking ? (leg.level_db - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB) : 0;
    const marked = speaking && leg.over_calm_db !== null && leg.over_calm_db >= MARKED_OVER_CALM_DB;
    this.write("share", `${Math.round(100 * Math.min(1, Math.max(0, share)))}% 100%`, (value) => { this.bar.style.backgroundSize = value; });
    this.write("speaking", speaking ? "yes" : "no", (value) => { this.element.dataset.speaking = value; });
    this.write("raised", speaking && leg.effort >= RAISED ? "yes" : "no", (value) => { this.element.dataset.raised = value; });
    const said = marked ? t("level.over_calm", { db: signed(leg.over_calm_db) }) : "";
    this.write("over", leg?.noise ? t("level.noise") : said, (value) => setText(this.over, value));
  }

  write(what, value, put) {
    if (this.shown[what] === value) return;
    this.shown[what] = value;
    put(value);
  }
}
