// The presses of one call on this page: what may be pressed, what is under way, what came of it. Drawn by `Buttons`.

import { ACTIONS } from "../store/action_table.js";
import { asksFirst, offered, waits } from "../store/offered.js";
import { TO_OWN_TELEPHONE, TRANSFERS, WITH_REASON, laneOf, press, pressState } from "../store/press.js";
import { superiorOf } from "./superior.js";
import * as telephone from "./telephone.js";

const CONFIRM_WITHIN_MS = 4_000;
const NEW_FOR_MS = 400; // a press this soon after the buttons became others may have been meant for those before
const SHOWN_LANES = ["move", "aside"];

/**
 * @typedef {import("../store/press.js").Result} Result
 * @typedef {import("../store/messages.d.ts").ResultView} Answered
 */

/** State of the presses of one call; any number of `Buttons` show it. */
export class Actions {
  /**
   * @param {string} callId
   * @param {() => void} telephoneChanged called when the supervisor gave another telephone of their own
   * @param {(callId: string) => void} endingWanted called when somebody wants to propose the end of the call
   */
  constructor(callId, telephoneChanged, endingWanted) {
    this.callId = callId;
    this.endingWanted = endingWanted;
    this.telephoneChanged = telephoneChanged;
    /** @type {Set<() => void>} called after every change */
    this.views = new Set();
    /** @type {import("../store/picture.js").Call | null} null until it was drawn once */
    this.call = null;
    this.usable = false;
    this.prompted = false; // an alert asks for a press
    this.alerted = false;
    /** @type {string | null} action waiting for the second press */
    this.asked = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.askedTimer = undefined;
    /** @type {Record<string, string>} lane → action pressed here, not yet seen in the picture */
    this.sent = {};
    /** @type {Result | null} of a press here that never reached the agent */
    this.own = null;
    /** @type {boolean | null} whether the operator stays, if somebody chose; else as the PBX is configured */
    this.keep = null;
    this.choosing = false; // the announcements are shown
    /** @type {string | null} number of the superior, if somebody chose; else the first within opening hours */
    this.superior = null;
    /** @type {import("../store/messages.d.ts").SuperiorView[]} of the directory, in their order */
    this.superiors = [];
    /** @type {Record<string, import("../store/picture.js").Press>} the last press by lane */
    this.commands = {};
    /** @type {string | null} the large buttons as they were drawn last */
    this.offeredBefore = null;
    this.changedAt = -Infinity; // when they became others without a press of this page
  }

  /**
   * @param {import("../store/picture.js").Call} call
   * @param {import("../store/picture.js").Alert[]} alerts
   * @param {Record<string, import("../store/picture.js").Press> | undefined} commands
   * @param {boolean} usable whether a press can reach the agent
   * @param {import("../store/messages.d.ts").SuperiorView[]} superiors
   */
  update(call, alerts, commands, usable, superiors = []) {
    this.call = call;
    this.superiors = superiors;
    this.usable = usable;
    this.prompted = call.returned || alerts.some((alert) => alert.suggestion !== null && alert.suggestion !== "escalate");
    this.alerted = alerts.length > 0;
    this.commands = commands ?? {};
    this.draw();
  }

  /** The call as it was drawn last; throws before that. */
  get shown() {
    if (this.call === null) throw new Error("the call was not drawn yet");
    return this.call;
  }

  /** @param {string} lane */
  doing(lane) {
    return this.sent[lane] ?? pressState(this.commands[lane])?.doing ?? null;
  }

  under() {
    return { move: this.doing("move"), aside: this.doing("aside") };
  }

  offered() {
    return this.call ? offered(this.call, this.doing("move")) : { main: [], aside: [] };
  }

  /** Draws the buttons again wherever they stand. `own`: because of a press here. */
  draw(own = false) {
    const { main, aside } = this.offered();
    if (!aside.includes("announce")) this.choosing = false;
    const now = main.join(" ");
    if (this.offeredBefore !== null && this.offeredBefore !== now && !own) this.changedAt = performance.now();
    this.offeredBefore = now;
    for (const draw of this.views) draw();
  }

  /** The result to show: of a press here, else the newest answer; null while something newer is under way. */
  shownResult() {
    return this.own ?? this.lastResult(this.under());
  }

  /**
   * The newest answer, unless something newer is under way, or it says what is no longer so.
   * @param {Record<string, string | null>} under action under way by lane
   * @returns {Result | null}
   */
  lastResult(under) {
    const lane = SHOWN_LANES.filter((each) => this.commands[each])
      .sort((a, b) => this.commands[b].issued_at.localeCompare(this.commands[a].issued_at))[0];
    if (!lane || under[lane] !== null || (lane === "move" && this.sent.move)) return null;
    const result = pressState(this.commands[lane])?.result;
    if (!result) return null;
    const past = result.outcome === "done" && (ACTIONS[result.action]?.leadsTo ?? this.call?.status) !== this.call?.status;
    return past ? null : result;
  }

  /** @param {string} action */
  waits(action) {
    return waits(action, laneOf(action), this.under());
  }

  /**
   * One press where an alert prompts for it; otherwise a second one within some seconds. So it is too where the button
   * has become another in this very moment.
   * @param {string} action
   * @param {object} more fields of the command
   * @param {boolean} unsure whether the press may have been meant for another call
   */
  async pressed(action, more = {}, unsure = false) {
    const { main, aside } = this.offered();
    if (!this.call || !this.usable || ![...main, ...aside].includes(action) || this.waits(action)) return;
    if (action === "hang_up") {
      // People decide it together: a press here only begins that.
      this.endingWanted(this.callId);
      return;
    }
    // An announcement is chosen from a list that was opened for it.
    const doubted = unsure || (!("announcement" in more) && performance.now() - this.changedAt < NEW_FOR_MS);
    if (this.asked !== action && (doubted || asksFirst(action, this.call, this.doing("move"), this.prompted))) {
      this.ask(action);
      return;
    }
    this.cancel();
    const details = await this.details(action, more);
    if (details !== null) await this.send(action, details);
  }

  /**
   * What the command needs besides the action; null when somebody thought better of it.
   * @param {string} action
   * @param {object} more
   * @returns {Promise<object | null>}
   */
  async details(action, more) {
    const found = await this.parts(action, more);
    return found === null || !WITH_REASON.includes(action) ? found : { ...found, reason: this.because() };
  }

  /** Why, by what is on the card. */
  because() {
    return this.alerted ? "abuse" : "other";
  }

  /**
   * @param {string} action
   * @param {object} more
   * @returns {Promise<object | null>}
   */
  async parts(action, more) {
    if (TO_OWN_TELEPHONE.includes(action)) {
      const target = telephone.own() ?? (await telephone.ask(this.telephoneChanged));
      return target === null ? null : { ...more, target };
    }
    if (!this.call || !TRANSFERS.includes(action)) return more;
    const target = this.superiors.length ? { target: superiorOf(this.call, this.superiors, this.superior).number } : {};
    const keep = this.keep !== null && this.call.keep_operator !== null ? { keep_operator: this.keep } : {};
    return { ...more, ...target, ...keep };
  }

  /**
   * @param {string} action
   * @param {object} details
   */
  async send(action, details) {
    const lane = laneOf(action);
    this.sent[lane] = action;
    this.own = null;
    this.choosing = false;
    this.draw(true);
    const result = await press(this.callId, action, "supervisor", details);
    // Another may have been pressed meanwhile: taking back while the telephone still rings.
    if (this.sent[lane] === action) delete this.sent[lane];
    // The agent's own answers come to every browser with the picture; the rest is known only here.
    if (!result.command_id) this.own = result;
    else if (this.commands[lane]?.command_id === result.command_id) this.commands = { ...this.commands, [lane]: { ...this.commands[lane], result: /** @type {Answered} */ (result) } };
    this.draw(true);
  }

  /**
   * Opens or closes the list of announcements.
   * @param {boolean} open
   */
  choose(open) {
    this.choosing = open;
    this.own = null;
    this.draw(true);
  }

  /** @param {string} action */
  ask(action) {
    this.asked = action;
    this.own = null;
    this.draw(true);
    this.askLonger();
  }

  /** Begins the time for the second press anew. */
  askLonger() {
    clearTimeout(this.askedTimer);
    this.askedTimer = setTimeout(() => this.cancel(), CONFIRM_WITHIN_MS);
  }

  /** Takes a question back; true when there was one. */
  cancel() {
    clearTimeout(this.askedTimer);
    if (this.asked === null && !this.choosing) return false;
    this.asked = null;
    this.choosing = false;
    this.draw(true);
    return true;
  }
}
