// The end of a call with two people: the proposal, the agreement, the sentence that tells the reason, the last press.

import { fill, h, setText, show } from "./dom.js";
import { current, t } from "../store/i18n.js";
import { endingAnnouncement, endingReasons, endingText, inLanguage, loadEndingReasons, missing, partOf, pressEnding, stopsText } from "../store/ending.js";
import { press } from "../store/press.js";

const LONGEST = 200; // as the server takes them

/** @typedef {{person_id: string | null, supervises: boolean}} Viewer who looks at the call */
/** @typedef {import("../store/ending.js").Ending} Ending */

export class EndingBox {
  /**
   * @param {() => Viewer} viewer
   * @param {{closed?: () => void}} [listeners] `closed`: called when the form was left
   */
  constructor(viewer, { closed = () => {} } = {}) {
    this.viewer = viewer;
    this.whenClosed = closed;
    /** @type {any} */
    this.call = null;
    this.usable = false;
    this.now = 0;
    this.open = false; // the form for a proposal
    /** @type {string | null} reason that was chosen in the form */
    this.reason = null;
    this.busy = false;
    /** @type {string | null} */
    this.decided = null; // the proposal that was decided on here, until the picture shows what came of it
    this.fault = "";
    this.head = h("div", { class: "ending-head" });
    this.body = h("div", { class: "ending-body" });
    this.words = h("input", { type: "text", maxlength: LONGEST, autocomplete: "off" });
    this.wordsRow = h("div", { class: "ending-words" }, this.words);
    this.foot = h("div", { class: "ending-foot" });
    this.failed = h("p", { class: "ending-fault", role: "status", hidden: true });
    this.element = h("section", { class: "ending", hidden: true }, this.head, this.body, this.wordsRow, this.foot, this.failed);
  }

  /** Opens the form for a proposal; the focus goes into it. */
  async ask() {
    [this.open, this.fault, this.reason] = [true, "", null];
    this.draw();
    await loadEndingReasons();
    this.draw();
    /** @type {HTMLElement | null} */ (this.element.querySelector("button:not(:disabled)"))?.focus();
  }

  /** Closes the form; true when it was open. */
  cancel() {
    if (!this.open) return false;
    this.open = false;
    this.draw();
    this.whenClosed();
    return true;
  }

  /**
   * @param {any} call
   * @param {boolean} usable whether a press can reach the agent
   * @param {number} now
   */
  update(call, usable, now) {
    if (this.call?.call_id !== call.call_id) {
      [this.open, this.fault, this.busy, this.reason, this.decided] = [false, "", false, null, null];
      this.words.value = "";
    }
    [this.call, this.usable, this.now] = [call, usable && call.status !== "ended", now];
    if (["proposed", "agreed", "ending"].includes(call.ending?.state)) this.open = false;
    this.draw();
  }

  /** @param {number} now */
  tick(now) {
    this.now = now;
    if (this.call?.ending?.state === "proposed") this.draw();
  }

  /** Whether the box shows something. */
  shown() {
    return this.call !== null && this.call.status !== "ended" && (this.open || Boolean(this.call.ending));
  }

  draw() {
    show(this.element, this.shown());
    if (!this.shown()) return;
    const { call, viewer } = this;
    if (this.decided !== JSON.stringify(call.ending)) this.decided = null;
    const ending = this.open ? null : call.ending;
    const ready = ending ? this.now >= Date.parse(ending.confirm_from) : false;
    this.element.dataset.state = ending?.state ?? "form";
    this.element.setAttribute("aria-label", t("ending.title"));
    this.words.setAttribute("aria-label", t("ending.own_words"));
    this.words.setAttribute("placeholder", t("ending.own_words"));
    const key = JSON.stringify([call.call_id, ending, call.stops, this.usable, this.busy, this.decided, this.reason, ready, viewer(), endingReasons().length, call.announcements, current()]);
    const focused = this.element.contains(this.element.ownerDocument.activeElement) ? /** @type {HTMLElement} */ (this.element.ownerDocument.activeElement).dataset.act : undefined;
    const drawn = [
      fill(this.head, key, () => this.headParts(ending)),
      fill(this.body, key, () => (ending ? this.proposalParts(ending) : this.formParts())),
      fill(this.foot, key, () => (ending ? this.proposalButtons(ending, ready) : this.formButtons())),
    ];
    if (drawn.includes(true)) {
      if (focused) /** @type {HTMLElement | null} */ (this.element.querySelector(`[data-act="${CSS.escape(focused)}"]:not(:disabled)`))?.focus({ preventScroll: true });
    }
    show(this.wordsRow, ending === null);
    show(this.failed, this.fault !== "");
    setText(this.failed, this.fault);
  }

  /** @param {Ending | null} ending */
  headParts(ending) {
    const { call } = this;
    const noted = ending === null || ending.state === "proposed" ? this.button("stop", t("ending.note_stop"), "quiet", () => this.send("stop-requests")) : null;
    return [h("strong", {}, ending ? t(`ending.state.${ending.state}`) : t("ending.title")), h("span", { class: "ending-stops" }, stopsText(call.stops)), noted];
  }

  formParts() {
    const listed = endingReasons();
    const chosen = listed.find((each) => each.id === this.reason);
    const left = chosen ? missing(this.call, chosen.needed) : 0;
    return [
      h("div", { class: "ending-reasons", role: "group", "aria-label": t("ending.why") }, ...listed.map((each) =>
        h("button", { type: "button", class: "secondary", dataset: { act: `reason-${each.id}` }, "aria-pressed": String(each.id === this.reason), onclick: () => { this.reason = each.id; this.draw(); } }, inLanguage(each.title)))),
      left ? h("p", { class: "ending-needs" }, t("ending.needs", { n: left })) : null,
    ];
  }

  /** @param {Ending} ending */
  proposalParts(ending) {
    const parts = [h("p", { class: "ending-by" }, endingText(ending))];
    if (ending.state === "refused") parts.push(h("p", {}, t("ending.refused_by", { name: ending.second_name ?? "" })));
    if (ending.second_name && ["agreed", "ending", "ended"].includes(ending.state)) {
      parts.push(h("p", {}, ending.second_id === ending.person_id ? t("ending.confirmed") : t("ending.agreed_by", { name: ending.second_name })));
    }
    if (ending.state === "agreed" || (ending.state === "proposed" && ending.people === 1)) {
      parts.push(h("p", { class: "ending-say" }, h("small", {}, t("ending.say")), h("q", {}, inLanguage(ending.say))));
    }
    const left = missing(this.call, ending.needed);
    if (ending.state === "proposed" && left) parts.push(h("p", { class: "ending-needs" }, t("ending.needs", { n: left })));
    else if (ending.state === "proposed" && partOf(ending, this.viewer().person_id) === "proposer") parts.push(h("p", { class: "ending-needs" }, t("ending.waits")));
    return parts;
  }

  formButtons() {
    return [
      this.button("propose", t("ending.propose"), "primary", () => this.propose(), this.reason === null),
      this.button("leave", t("ending.leave"), "quiet", () => this.cancel()),
    ];
  }

  /**
   * @param {Ending} ending
   * @param {boolean} ready whether the seconds for reading the sentence are over
   */
  proposalButtons(ending, ready) {
    const { person_id: own, supervises } = this.viewer();
    const mine = own !== null && [ending.person_id, ending.second_id].includes(own);
    const withdraw = mine ? this.button("withdraw", t("ending.withdraw"), "quiet", () => this.decide(ending, "withdraw")) : null;
    const few = missing(this.call, ending.needed) > 0;
    if (ending.state === "agreed") {
      const told = supervises ? endingAnnouncement(this.call) : null;
      return [
        this.button("end", t("ending.end"), "primary", () => this.decide(ending, "end")),
        told ? this.button("tell", t("ending.tell", { title: told.title }), "secondary", () => this.tell(told.name)) : null,
        withdraw,
      ];
    }
    if (ending.state === "ending") return [this.button("end", t("ending.ending"), "primary", () => {}, true)];
    if (ending.state === "refused" || ending.state === "expired") return own === null ? [] : [this.button("again", t("ending.again"), "secondary", () => this.ask())];
    if (ending.state !== "proposed" || own === null) return [];
    switch (partOf(ending, own)) {
      case "alone":
        return [supervises ? this.button("agree", t(ready ? "ending.confirm" : "ending.read_first"), "primary", () => this.decide(ending, "agree"), !ready || few) : null, withdraw];
      case "asked":
        return [
          this.button("agree", t("ending.agree"), "primary", () => this.decide(ending, "agree"), few),
          this.button("refuse", t("ending.refuse"), "secondary", () => this.decide(ending, "refuse")),
        ];
      default:
        return [withdraw];
    }
  }

  /**
   * @param {string} act
   * @param {string} text
   * @param {string} look
   * @param {() => unknown} onclick
   * @param {boolean} [blocked] whether it may not be pressed now
   */
  button(act, text, look, onclick, blocked = false) {
    return h("button", { type: "button", class: look, dataset: { act }, disabled: blocked || this.busy || this.decided !== null || (!this.usable && act !== "leave"), onclick }, text);
  }

  async propose() {
    const words = this.words.value.trim();
    const { call } = this;
    if ((await this.send("ending", { reason: this.reason, ...(words ? { words } : {}) })) && this.call?.call_id === call.call_id) this.words.value = "";
  }

  /**
   * @param {Ending} ending
   * @param {string} what
   */
  decide(ending, what) {
    return this.send(`ending/${encodeURIComponent(ending.id)}/${what}`);
  }

  /** @param {string} announcement */
  async tell(announcement) {
    const { call } = this;
    this.busy = true;
    this.draw();
    const result = await press(call.call_id, "announce", "supervisor", /** @type {any} */ ({ announcement }));
    if (this.call?.call_id !== call.call_id) return;
    this.busy = false;
    this.fault = result.outcome === "done" ? "" : t("ending.failed");
    this.draw();
  }

  /**
   * Sends a press; tells whether it was done.
   * @param {string} path
   * @param {object} [body]
   */
  async send(path, body) {
    const { call } = this;
    const before = JSON.stringify(call.ending);
    [this.busy, this.fault] = [true, ""];
    this.draw();
    const fault = await pressEnding(call.call_id, path, body);
    if (this.call?.call_id !== call.call_id) return fault === "";
    [this.busy, this.fault] = [false, fault];
    if (fault === "" && path === "ending") this.open = false;
    if (fault === "" && path.startsWith("ending/")) this.decided = before;
    this.draw();
    return fault === "";
  }
}
