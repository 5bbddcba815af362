// Calls that were moved: on hold, ringing at a superior, with a superior. One line each, with the way back on the line.

import { Buttons } from "./buttons.js";
import { callerText, who } from "./call_names.js";
import { fill, h, setText, show } from "./dom.js";
import { clock, current, t, title } from "../store/i18n.js";
import { nextStep, worded } from "../store/press.js";
import { look, shape } from "./severity.js";
import { outOfReach } from "./unwatched.js";
import { whereabouts } from "../store/whereabouts.js";

const KINDS = ["ringing", "held", "taken"];
const BACK = ["take_back", "unhold"];

/** One line of the lane. */
class Moved {
  /**
   * @param {string} callId
   * @param {import("./board.js").Board} board
   */
  constructor(callId, board) {
    this.callId = callId;
    this.actions = board.actionsOf(callId);
    this.state = h("span", { class: "state" });
    this.seconds = h("span", { class: "seconds", role: "timer", "aria-live": "off" });
    this.name = h("b", { class: "who" });
    this.caller = h("span", { class: "caller" });
    this.about = h("span", { class: "lane-about" });
    this.result = h("span", { class: "lane-result", role: "status" });
    this.buttons = new Buttons(this.actions, { only: true, pick: (/** @type {string[]} */ main) => main.filter((each) => BACK.includes(each)).slice(0, 1) });
    this.element = h("li", { class: "moved", tabindex: "-1", dataset: { call: callId } }, this.state, this.seconds, this.name, this.caller, this.about, this.result, this.buttons.element);
    this.drawResult = this.drawResult.bind(this);
    this.actions.views.add(this.drawResult);
    this.drawResult();
    this.element.addEventListener("click", ({ target }) => { if (target instanceof Element && !target.closest("button")) board.select(callId); });
  }

  /**
   * @param {any} picture
   * @param {string} lane
   */
  update(picture, lane) {
    const call = picture.calls[this.callId];
    this.at = whereabouts(picture, call);
    const { kind, name } = this.at;
    const alerts = picture.alertsOf(this.callId);
    Object.assign(this.element.dataset, { kind, lane, severity: look(call.severity ?? "calm") });
    setText(this.state, name ? t(`lane.${kind}_name`, { name }) : t(`lane.${kind}`));
    setText(this.name, who(call));
    setText(this.caller, callerText(call));
    fill(this.about, JSON.stringify([alerts.map((/** @type {any} */ each) => [each.alert_id, each.severity]), outOfReach(picture, call), current()]), () => (outOfReach(picture, call) ? [t("row.stale")]
      : alerts.flatMap((/** @type {any} */ each) => [h("span", { class: "shape", dataset: { severity: look(each.severity) }, "aria-hidden": "true" }, shape(each.severity)), ` ${title(each.title)}　`])));
    this.element.title = [this.state.textContent, this.name.textContent, this.caller.textContent, this.about.textContent].filter(Boolean).join("　");
    this.tick(picture.now());
  }

  /** What came of a press, where it is not what was wanted. */
  drawResult() {
    const result = this.actions.call ? this.actions.shownResult() : null;
    const { mood, text, detail } = result ? worded(result) : { mood: "good", text: "", detail: "" };
    this.result.dataset.mood = mood;
    setText(this.result, mood === "good" ? "" : [text, detail, result ? nextStep(result) : ""].filter(Boolean).join(" — "));
  }

  /** @param {number} now */
  tick(now) {
    setText(this.seconds, this.at ? timesOf(this.at, now) : "");
  }

  remove() {
    this.actions.views.delete(this.drawResult);
    this.buttons.remove();
    this.element.remove();
  }
}

/**
 * How long it still lasts; where nobody knows that, how long it has lasted.
 * @param {import("../store/whereabouts.js").Whereabouts} at
 * @param {number} now
 */
function timesOf({ since, until, holdUntil }, now) {
  const left = (/** @type {number} */ end) => clock(Math.max(0, Math.ceil((end - now) / 1000)));
  if (until === null) return since ? clock((now - since) / 1000) : "";
  return holdUntil === null ? t("lane.left", { time: left(until) }) : t("lane.left_both", { time: left(until), hold: left(holdUntil) });
}

export class Lane {
  /**
   * @param {HTMLElement} element
   * @param {import("./board.js").Board} board
   */
  constructor(element, board) {
    this.element = element;
    this.board = board;
    /** @type {Map<string, Moved>} */
    this.lines = new Map();
    this.title = h("h2", { id: "lane-title" });
    this.list = h("ol");
    element.append(this.title, this.list);
    element.setAttribute("aria-labelledby", "lane-title");
  }

  /**
   * @param {any} picture
   * @param {any} changes as of `Picture.takeChanges`
   */
  update(picture, changes) {
    if (!changes.all && !changes.calls.size) return;
    const lanes = new Map(Object.values(picture.calls).map((call) => [call.call_id, call.lane]));
    for (const [callId, line] of this.lines) line.element.dataset.gone = KINDS.includes(lanes.get(callId) ?? "") ? "no" : "yes";
    this.tidy();
    // Whoever comes stands last: nothing moves under a hand.
    for (const [callId, lane] of lanes) {
      if (!KINDS.includes(lane)) continue;
      let line = this.lines.get(callId);
      const fresh = !line;
      if (!line) {
        line = new Moved(callId, this.board);
        this.lines.set(callId, line);
        line.element.dataset.gone = "no";
        this.list.append(line.element);
      }
      if (fresh || changes.all || changes.calls.has(callId)) line.update(picture, lane);
    }
    show(this.element, this.lines.size > 0);
    const count = (/** @type {string} */ kind) => [...this.lines.keys()].filter((each) => lanes.get(each) === kind).length;
    setText(this.title, t("lane.title", { held: count("held"), ringing: count("ringing"), taken: count("taken") }));
  }

  /** Takes away the lines of calls that are not here any more; not while a hand is on the lane, as the others would move. */
  tidy() {
    if (this.element.matches(":hover") || this.element.querySelector(":focus-visible")) return;
    for (const [callId, line] of this.lines) {
      if (line.element.dataset.gone !== "yes") continue;
      line.remove();
      this.lines.delete(callId);
    }
    show(this.element, this.lines.size > 0);
  }

  /** @param {number} now */
  tick(now) {
    this.tidy();
    for (const line of this.lines.values()) if (line.element.dataset.gone === "no") line.tick(now);
  }
}
