// A group of what was found: its calls, newest first, in pages, with their number.

import { arrange, byId as at, h, setText, show } from "./dom.js";
import { foundCall } from "./found_call.js";
import * as i18n from "../store/i18n.js";
import { send } from "../store/session.js";

const { t } = i18n;

/** @typedef {import("./found_call.js").FoundCall} FoundCall */
/** @typedef {import("../store/session.js").Answer} Answer */

export class FoundGroup {
  /** @param {"exact" | "alike"} name ids of the page begin with it */
  constructor(name) {
    this.name = name;
    /** @type {FoundCall[]} */
    this.calls = [];
    /** @type {number | null} */
    this.before = null;
    /** @type {{count: number, more: boolean} | null} */
    this.total = null;
    this.totalKnown = false; // the total is that of these calls, not of those before
    /** @type {Record<string, unknown>} */
    this.asked = {};
    this.turn = 0; // of the last question: answers to earlier ones come too late
    this.furthering = false; // the next page is on its way
  }

  /**
   * Asks anew; answers as the first page of it is there.
   * @param {Record<string, unknown>} asked
   * @returns {Promise<Answer | null>} null where another question was asked meanwhile
   */
  async ask(asked) {
    this.turn += 1;
    const { turn } = this;
    const answer = await send("/api/history/find", { ...asked, group: this.name });
    if (turn !== this.turn) return null;
    this.asked = asked;
    this.calls = answer.ok ? answer.calls : [];
    this.before = answer.ok ? answer.before : null;
    this.total = null;
    this.countAll();
    return answer;
  }

  /**
   * Asks how many there are where not all are on the first page.
   * @returns {Promise<boolean>} whether the number is known now that was not
   */
  async count() {
    if (this.totalKnown) return false;
    const { turn } = this;
    const answer = await send("/api/history/count", { ...this.asked, group: this.name });
    if (turn !== this.turn || !answer.ok) return false;
    this.total = { count: answer.count, more: answer.more };
    this.totalKnown = true;
    return true;
  }

  /** Counts the calls where they are all here; else the number stays as it was until the server has told the new one. */
  countAll() {
    this.totalKnown = this.before === null;
    if (this.totalKnown) this.total = { count: this.calls.length, more: false };
  }

  /**
   * Asks for the next page.
   * @returns {Promise<Answer | null>}
   */
  async further() {
    const { turn } = this;
    this.furthering = true;
    const answer = await send("/api/history/find", { ...this.asked, group: this.name, before: this.before });
    this.furthering = false;
    if (turn !== this.turn) return null;
    if (answer.ok) {
      this.calls = [...this.calls, ...answer.calls];
      this.before = answer.before;
    }
    return answer;
  }

  /**
   * Asks the same again, as many pages as are shown: calls may have come into the index meanwhile.
   * @returns {Promise<Answer | null>} null where something else was asked meanwhile, another question or the next page
   */
  async again() {
    const { turn } = this;
    /** @type {FoundCall[]} */
    const calls = [];
    /** @type {number | null} */
    let before = null;
    while (!this.furthering) {
      const answer = await send("/api/history/find", { ...this.asked, group: this.name, before });
      if (turn !== this.turn || this.furthering) return null;
      if (!answer.ok) return answer;
      calls.push(...answer.calls);
      ({ before } = answer);
      if (before !== null && calls.length < this.calls.length) continue;
      [this.calls, this.before] = [calls, before];
      this.countAll();
      return answer;
    }
    return null;
  }

  clear() {
    this.turn += 1;
    this.calls = [];
    this.before = null;
    this.countAll();
  }

  /** The number in words: 1,000件以上 where there are more than are counted. */
  number() {
    if (this.total === null) return "…";
    return t(this.total.more ? "history.at_least" : "history.count", { n: this.total.count.toLocaleString(i18n.current()) });
  }

  /** Draws the rows; those that are there already stay, with the focus in them. */
  draw() {
    const list = at(`${this.name}-calls`);
    const language = i18n.current();
    const kept = new Map([...list.children].map((each) => [each instanceof HTMLElement ? each.dataset.uid : "", each]));
    const same = list.dataset.language === language && list.dataset.turn === String(this.turn);
    arrange(list, this.calls.map((call) => (same && kept.get(call.uid)) || foundCall(call)));
    list.dataset.language = language;
    list.dataset.turn = String(this.turn);
    const more = at(`${this.name}-more`);
    setText(more, t("history.more"));
    show(more, this.before !== null);
  }
}

/**
 * Options of a choice.
 * @param {HTMLSelectElement} select
 * @param {[string, string][]} options value and words
 */
export function offer(select, options) {
  const { value } = select;
  select.replaceChildren(...options.map(([each, text]) => h("option", { value: each }, text)));
  select.value = options.some(([each]) => each === value) ? value : "";
}
