// The course of the whole call: a bar with its alerts and stretches, and a list of what happened with who did it.

import { fill, h, setText } from "./dom.js";
import { clock, current, find, t, title, word } from "../store/i18n.js";
import { wordedInLine } from "../store/press.js";
import { look, shape } from "./severity.js";
import { storyOf, stretches } from "../store/story.js";

export class Timeline {
  constructor() {
    this.title = h("h3");
    this.bar = h("div", { class: "course", "aria-hidden": "true" });
    this.list = h("ol", { class: "events", tabindex: "0" }); // it scrolls where there is no room for all
    this.element = h("div", { class: "timeline" }, this.title, this.bar, this.list);
  }

  /**
   * @param {any} picture
   * @param {any} call
   */
  update(picture, call) {
    this.call = call;
    setText(this.title, t("panel.course"));
    this.list.setAttribute("aria-label", t("panel.course"));
    const events = storyOf(picture, call);
    const begun = Date.parse(call.started_at);
    this.ticks = events.filter((each) => each.kind === "raised").map((each) => ({ at: each.at ?? begun, severity: each.about.severity }));
    fill(this.list, JSON.stringify([events.map(({ at, kind, about }) => [at, kind, about.alert_id, about.revision, about.action, about.outcome, about.status]), current()]), () =>
      events.map((each) => h("li", { dataset: { kind: each.kind } }, h("time", {}, each.at === null ? "--:--" : clock((each.at - begun) / 1000)), h("span", {}, ...eventParts(each)))));
    this.tick(picture.now());
  }

  /** @param {number} now */
  tick(now) {
    if (!this.call) return;
    const begun = Date.parse(this.call.started_at);
    const whole = Math.max(1, now - begun);
    fill(this.bar, `${this.call.call_id} ${JSON.stringify(this.ticks)} ${JSON.stringify(this.call.moves)} ${Math.floor(now / 5000)}`, () => [
      ...stretches(this.call, now).map((each) => placed(h("span", { class: "stretch", dataset: { status: each.status } }), each.from, each.to - each.from)),
      ...(this.ticks ?? []).map((each) => placed(h("span", { class: "tick", dataset: { severity: look(each.severity) } }), Math.min(1, Math.max(0, (each.at - begun) / whole)))),
    ]);
  }
}

/**
 * Places a part of the bar. As properties: an attribute `style` is refused by the page's content policy.
 * @param {HTMLElement} element
 * @param {number} from 0 … 1
 * @param {number | null} [width]
 */
function placed(element, from, width = null) {
  element.style.left = `${(100 * from).toFixed(1)}%`;
  if (width !== null) element.style.width = `${(100 * width).toFixed(1)}%`;
  return element;
}

/**
 * @param {import("../store/story.js").StoryEvent} event
 * @returns {(string | HTMLElement)[]}
 */
function eventParts({ kind, about }) {
  switch (kind) {
    case "begin":
      return [t("story.begin")];
    case "raised":
      return [h("span", { class: "shape", dataset: { severity: look(about.severity) }, "aria-hidden": "true" }, shape(about.severity)), ` ${title(about.title)}`];
    case "closed":
      return [t("story.closed", { title: title(about.title), because: about.closed_because ? word("closed", about.closed_because) : "" })];
    case "claimed":
      return [t("story.claimed", { name: about.claim.name })];
    case "press":
      return [pressText(about)];
    default:
      return [t(`story.${about.status}`)];
  }
}

/** @param {any} press */
function pressText(press) {
  const action = find(`action.${press.action}`) ?? press.action;
  const said = t("story.press", { name: press.by, action });
  if (press.outcome === null || press.outcome === "done") return press.outcome === null ? `${said} …` : said;
  return `${said} → ${wordedInLine({ action: press.action, outcome: press.outcome, reason: press.reason })}`;
}
