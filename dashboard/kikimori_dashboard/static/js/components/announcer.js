// Says aloud, and by sound, what is new on the supervisor's page; not what was there when the page opened.

import { callerText, who } from "./call_names.js";
import * as chime from "./chime.js";
import { setText } from "./dom.js";
import * as i18n from "../store/i18n.js";
import { rank } from "../store/rank.js";
import * as unanswered from "./unanswered.js";

const { t } = i18n;
const MOST = 2000; // alerts that are remembered

/** @typedef {import("../store/picture.js").Picture} Picture */

export class Announcer {
  /** @param {HTMLElement} element a live region */
  constructor(element) {
    this.element = element;
    /** @type {Map<string, number>} alert → worst severity that was announced */
    this.announced = new Map();
    /** @type {Set<string>} calls that came back from hold and were announced */
    this.returned = new Set();
    /** @type {Set<string>} proposals to end a call that were announced */
    this.proposed = new Set();
    this.first = true;
  }

  /**
   * @param {Picture} picture
   * @param {string[]} proposals to end a call that wait for this person; their banner is a live region of its own
   */
  update(picture, proposals) {
    this.announceAlerts(picture);
    this.announceReturned(picture);
    if (!this.first && proposals.some((each) => !this.proposed.has(each))) chime.play("warning");
    this.proposed = new Set(proposals);
    this.first = false;
  }

  /** @param {Picture} picture */
  announceAlerts(picture) {
    const news = [];
    for (const alert of Object.values(picture.alerts)) {
      const now = rank(alert.severity);
      const before = this.announced.get(alert.alert_id) ?? -1;
      this.announced.set(alert.alert_id, now); // one that was corrected and is raised again is said again
      if (now <= before) continue;
      if (now >= 1) news.push(alert);
    }
    for (const id of this.announced.keys()) if (this.announced.size > MOST) this.announced.delete(id);
    if (!news.length || this.first) return;
    const worst = news.reduce((a, b) => (rank(b.severity) > rank(a.severity) ? b : a));
    const call = picture.calls[worst.call_id];
    const ring = picture.ringing[worst.call_id];
    this.say(worst.severity, call ? who(call) : ring ? t("ring.inbox", { caller: callerText(ring) }) : "", i18n.title(worst.title));
    if (news.some(unanswered.ringsFirst)) chime.play(worst.severity);
  }

  /** @param {Picture} picture */
  announceReturned(picture) {
    const back = Object.values(picture.calls).filter((call) => call.returned);
    const [fresh] = back.filter((call) => !this.returned.has(call.call_id));
    this.returned = new Set(back.map((call) => call.call_id));
    if (!fresh || this.first) return;
    this.say("warning", who(fresh), t("call.returned"));
    chime.play("warning");
  }

  /**
   * @param {string} severity
   * @param {string} name
   * @param {string} title
   */
  say(severity, name, title) {
    const said = t("announce.alert", { severity: i18n.word("severity", severity), who: name, title });
    // The same words once more are news too, and are read only when the text differs.
    setText(this.element, this.element.textContent === said ? `${said}\u00a0` : said);
  }
}
