// The operator's own call: what to say, the one button, the way of the help, what else may be done.

import { fill, h, show } from "./dom.js";
import { EndingBox } from "./ending_box.js";
import { HelpNote } from "./help_note.js";
import { drawOffers } from "./help_offers.js";
import { stepText, stepsList, tickSteps } from "./help_steps.js";
import { ofOperator } from "./known_caller.js";
import { phrases } from "./phrases.js";
import { RecordingOffer } from "./recording.js";
import { progress } from "./unanswered.js";
import { calledAt, cancellable, facts, helpState, holdOffered, proven, said, situation, stays } from "../store/help.js";
import { answeredHint, answeredText, newestAnswered } from "../store/answered.js";
import { current, t, timeOfDay } from "../store/i18n.js";
import { TRANSFERS, nextStep, press, pressState, reasonText } from "../store/press.js";
import { isHelp } from "../store/rank.js";
import * as sentences from "../store/sentences.js";

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * That no superior is within opening hours, before anybody is called.
 * @param {{name: string | null, opens_at: string | null} | null | undefined} help
 */
function closed(help) {
  if (!help || help.name !== null) return "";
  const soon = help.opens_at !== null && Date.parse(help.opens_at) - Date.now() < DAY_MS;
  return soon ? t("operator.closed_until", { time: timeOfDay(/** @type {string} */ (help.opens_at)) }) : t("operator.closed");
}

/** @typedef {{help: string, alone: boolean, instruction: string | null, stay: boolean, ringing: boolean, ways: {say: string, step: number, of: number}[]}} Advice */

export class OperatorCall {
  /**
   * @param {{draw: () => void, announce: (text: string) => void, personId: string | null}} page `personId`: of who is signed in; null for an operator's PC
   */
  constructor(page) {
    this.page = page;
    /** @type {string | null} */
    this.callId = null;
    this.sent = false; // pressed here, not yet answered
    /** @type {Promise<string> | null} */
    this.calling = null; // the last press that calls for help or takes it back, until it is answered
    /** @type {any} */
    this.failure = null; // result of a press here that came to nothing
    this.way = 0; // which of the ways to say it is shown
    this.said = ""; // the sentence that is proposed first
    this.known = h("div", { class: "known" });
    this.say = h("div", { class: "say", role: "status" });
    this.centre = h("div", { class: "centre" });
    this.offers = h("div", { class: "offers" });
    this.recording = new RecordingOffer(() => page.draw());
    this.note = new HelpNote((more) => this.tell(more));
    this.failed = h("p", { class: "failed", role: "alert" });
    this.ending = new EndingBox(() => ({ person_id: page.personId, supervises: false }), { closed: () => page.draw() });
    // What went wrong stands above the button that was pressed: below the others it was out of sight on a telephone.
    this.elements = [this.known, this.ending.element, this.say, this.failed, this.centre, this.offers, this.note.element];
  }

  /**
   * @param {any} picture
   * @param {any} call
   * @returns {string} how far the help is
   */
  update(picture, call) {
    if (call.call_id !== this.callId) {
      [this.callId, this.sent, this.failure, this.way] = [call.call_id, false, null, 0];
      this.note.forget();
    }
    if (call.status !== "talking") this.sent = false; // the help is here
    show(this.known, Boolean(call.known));
    fill(this.known, JSON.stringify([call.known ?? null, current()]), () => (call.known ? ofOperator(call.known) : []));
    const alerts = picture.alertsOf(call.call_id);
    const commands = picture.commands[call.call_id] ?? {};
    /** @type {Record<string, any>} */
    const lanes = Object.fromEntries(Object.entries(commands).map(([lane, command]) => [lane, pressState(command)]));
    const help = helpState(call, alerts, lanes, this.sent);
    const usable = picture.usable(call);
    this.calledAt = calledAt(alerts, commands);
    const came = proven(call, alerts, commands);
    // The customer is on hold by the operator's own key, and nobody has been asked.
    const alone = help === "on_hold" && !came.called && !came.seen && !this.sent;
    const asks = help === "none" || alone;
    this.drawAdvice(call, alerts, commands, lanes, { help, alone, besides: asks ? closed(picture.site.help) : progress(alerts) });
    this.drawCentre(asks, help, came, usable);
    const canCancel = cancellable(call, alerts, commands);
    const canHold = holdOffered(call, alerts);
    const out = help === "transferred" && !stays(call, commands.move); // the receiver is down
    const endings = out ? [] : this.endingOffers(call, alerts, usable);
    fill(this.offers, JSON.stringify([call.ending, call.stops, endings.length, this.ending.open, call.call_id, call.status, canCancel, canHold, usable, lanes.help?.doing, lanes.move?.doing, lanes.aside?.doing, call.recording, call.capabilities, this.recording.asked, help, current()]), () => [
      ...drawOffers({ call, help, usable, cancellable: canCancel, holdOffered: canHold, lanes, press: (action) => (action === "escalate_cancel" ? this.takeBack() : this.press(action)) }),
      ...this.recording.elements({ call, usable, lanes, press: (action) => this.press(action) }), ...endings]);
    this.ending.update(call, usable, picture.now());
    // Once it is decided there is one sentence to say.
    show(this.say, !["agreed", "ending"].includes(call.ending?.state));
    const asked = help !== "none" && help !== "transferred" && alerts.some(isHelp);
    this.note.update(asked && call.capabilities.includes("escalate_cancel"), said(alerts), usable);
    show(this.failed, this.failure !== null);
    fill(this.failed, JSON.stringify([this.failure, current()]), () =>
      this.failure ? [h("strong", {}, t(`operator.failed_${this.failure.what}`)), h("span", {}, reasonText(this.failure)), this.failure.what === "hold" && nextStep(this.failure) ? h("span", {}, t("next.own")) : null] : []);
    return help;
  }

  /**
   * What may be noted or proposed about the end of a call that goes wrong.
   * @param {any} call
   * @param {any[]} alerts
   * @param {boolean} usable
   */
  endingOffers(call, alerts, usable) {
    const hot = alerts.length > 0 || call.stops?.length > 0;
    if (!hot || !call.capabilities.includes("hang_up") || this.ending.open || ["proposed", "agreed", "ending"].includes(call.ending?.state)) return [];
    const noted = h("button", { class: "offer", type: "button", dataset: { act: "stop" }, disabled: !usable, onclick: () => this.ending.send("stop-requests") },
      t(call.stops?.length ? "ending.note_stop_n" : "ending.note_stop", { n: call.stops?.length ?? 0 }));
    const asks = h("button", { class: "offer", type: "button", dataset: { act: "ask_ending" }, disabled: !usable, onclick: () => { this.ending.ask(); this.page.draw(); } }, t("ending.button"));
    return this.page.personId === null ? [noted] : [noted, asks];
  }

  /**
   * @param {any} call
   * @param {any[]} alerts
   * @param {any} commands
   * @param {Record<string, any>} lanes
   * @param {{help: string, alone: boolean, besides: string}} state how far the help is; whether the customer is on hold and nobody was asked; what else is known, "" for nothing
   */
  drawAdvice(call, alerts, commands, lanes, { help, alone, besides }) {
    const last = lanes.move?.result;
    const { names, alert } = situation(call, alerts, help, lanes, commands.move);
    const ways = sentences.proposals(names, alert);
    if (ways[0]?.say !== this.said) [this.said, this.way] = [ways[0]?.say ?? "", 0];
    const advice = {
      help, alone, ways,
      instruction: last?.outcome === "instructed" && help !== "transferred" ? last.detail : null,
      stay: help === "transferred" && stays(call, commands.move),
      ringing: TRANSFERS.includes(lanes.move?.doing),
    };
    const listened = call.listeners?.length ? t("operator.listened", { names: call.listeners.join(t("operator.listened_and")) }) : "";
    const repeated = newestAnswered(alerts);
    const known = [...facts(call, help, lanes).map((key) => t(key)), besides, listened].filter(Boolean);
    fill(this.say, JSON.stringify([advice, this.way, repeated, known, current()]), () => [
      ...this.advice(advice),
      repeated ? h("p", { class: "fact", title: answeredHint(repeated) }, answeredText(repeated)) : null,
      ...known.map((each) => h("p", { class: "fact" }, each))]);
  }

  /** @param {Advice} advice */
  advice({ help, alone, instruction, stay, ringing, ways }) {
    if (instruction) return [h("small", {}, t("operator.do")), h("p", { class: "big" }, ...phrases(instruction))];
    if (help === "on_hold") return [h("small", {}, t("operator.unheard")), h("p", { class: "big" }, ...phrases(t(ringing ? "operator.quiet_ringing" : alone ? "operator.quiet_alone" : "operator.quiet_held")))];
    if (help === "transferred" && !stay) return [h("p", { class: "big" }, ...phrases(t("operator.over")))];
    const joined = stay ? [h("p", { class: "big" }, ...phrases(t("operator.joined")))] : [];
    if (!ways.length) return joined;
    const way = ways[this.way % ways.length];
    return [...joined,
      h("small", {}, h("span", {}, way.of > 1 ? t("operator.say_step", way) : t("operator.say")),
        ways.length > 1 ? h("button", { type: "button", class: "quiet", dataset: { act: "other_way" }, onclick: () => { this.way += 1; this.page.draw(); } }, t("operator.other_way")) : null),
      h("p", { class: stay ? "quote" : "big quote" }, ...phrases(t("why.words", { words: way.say })))];
  }

  /**
   * The button, until help was called; then how far it is.
   * @param {boolean} asks whether nobody was called
   * @param {string} help
   * @param {Record<string, any>} came
   * @param {boolean} usable
   */
  drawCentre(asks, help, came, usable) {
    const key = JSON.stringify([asks, help, came, usable, this.sent, current()]);
    const focused = this.centre.contains(this.centre.ownerDocument.activeElement);
    if (!fill(this.centre, key, () => [asks ? this.button(usable) : stepsList(help, came)])) return;
    if (!asks) this.page.announce(stepText(help, came[help]?.name));
    if (focused) {
      const next = this.centre.querySelector("button:not(:disabled)");
      if (next instanceof HTMLElement) next.focus({ preventScroll: true });
    }
  }

  /** @param {boolean} usable */
  button(usable) {
    if (!usable) return h("button", { class: "help", type: "button", disabled: true }, h("span", { class: "instead" }, t("operator.speak")), h("small", {}, t("operator.cannot")));
    return h("button", { class: "help", type: "button", disabled: this.sent, "aria-busy": this.sent ? "true" : null, onclick: () => this.callHelp() },
      h("span", {}, t(this.sent ? "doing.escalate" : "operator.call_help")), h("small", { class: "key" }, t("operator.key")));
  }

  /** @param {number} now */
  tick(now) {
    tickSteps(this.centre, this.calledAt ?? null, now);
    this.ending.tick(now);
  }

  async callHelp() {
    if (this.sent) return;
    const { callId } = this;
    this.sent = true;
    this.calling = this.press("escalate");
    if ((await this.calling) !== "done" && callId === this.callId) this.sent = false;
    this.page.draw();
  }

  takeBack() {
    this.calling = this.press("escalate_cancel");
  }

  /**
   * Sends what belongs to the call for help; nothing once that was taken back.
   * @param {{reason?: string, comment?: string}} more
   */
  async tell(more) {
    const { note: { turn } } = this;
    await this.calling;
    if (turn !== this.note.turn) return false;
    return (await this.press("escalate", more)) === "done";
  }

  /**
   * Sends a press for this call; resolves to its outcome.
   * @param {string} action
   * @param {object} [more]
   */
  async press(action, more = {}) {
    const callId = this.callId;
    this.failure = null;
    this.page.draw();
    const result = await press(/** @type {string} */ (callId), action, "operator", more);
    if (callId !== this.callId) return "over";
    const what = action === "stop_recording" ? "recording" : action === "escalate_cancel" ? "cancel" : ["hold", "unhold"].includes(action) ? "hold" : Object.keys(more).length ? "tell" : "call";
    if (result.outcome !== "done") this.failure = { ...result, what };
    else if (action === "escalate_cancel") {
      this.sent = false;
      this.note.forget();
    }
    this.page.draw();
    return result.outcome;
  }
}
