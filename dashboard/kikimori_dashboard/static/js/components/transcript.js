// The words of a call in two columns, oldest first: customer left, operator right. The box keeps to the newest line by
// itself, unless somebody scrolled up: it is laid out from the bottom (css), so nothing has to be measured.

import { fill, h, setText, show } from "./dom.js";
import { evidenceIn } from "../store/evidence.js";
import { clock, current, find, t, title, word } from "../store/i18n.js";
import { look } from "./severity.js";

const UP_PX = 40; // scrolled up so far, the newest line is out of sight

/**
 * A part of a line that looks otherwise.
 * @typedef {{at: number, words: string, element: () => HTMLElement}} Marked
 */

/**
 * The text with some of its words marked, each once.
 * @param {string} text
 * @param {Marked[]} marked
 * @returns {(string | HTMLElement)[]}
 */
function withMarks(text, marked) {
  /** @type {(string | HTMLElement)[]} */
  const parts = [];
  let done = 0;
  for (const each of marked.filter(({ at, words }) => words && at >= 0).sort((a, b) => a.at - b.at || b.words.length - a.words.length)) {
    if (each.at < done) continue;
    parts.push(text.slice(done, each.at), each.element());
    done = each.at + each.words.length;
  }
  return [...parts, text.slice(done)];
}

/** @typedef {{element: HTMLElement, time: HTMLElement, said: HTMLElement, says: string | null}} Item */

/**
 * @typedef {object} Said
 * @property {any[]} lines in order of time
 * @property {string} speech state of the call's speech recognition
 * @property {any[]} alerts of the call, worst first
 * @property {{from: number, alone: boolean} | null} superior from when a superior speaks; see `superiorSpeaks`
 */

export class Transcript {
  constructor() {
    this.heads = h("div", { class: "heads", "aria-hidden": "true" });
    this.list = h("ol");
    this.note = h("li", { class: "none", hidden: true });
    this.list.append(this.note);
    this.box = h("div", { class: "lines", tabindex: "0", role: "region" }, this.list);
    this.newest = h("button", { type: "button", class: "newest", hidden: true, onclick: () => { this.box.scrollTop = 0; } });
    this.element = h("div", { class: "transcript" }, this.heads, this.box, this.newest);
    /** @type {Map<string, Item>} */
    this.items = new Map();
    this.box.addEventListener("scroll", () => show(this.newest, this.box.scrollTop < -UP_PX), { passive: true });
  }

  /**
   * Shows a call's lines; touches only those that changed.
   * @param {Said} said
   */
  update(said) {
    const { lines, speech } = said;
    fill(this.heads, current() + Boolean(said.superior), () => [
      h("span", { dataset: { role: "customer" } }, t("role.customer")),
      h("span", { dataset: { role: "operator" } }, t("role.operator"))]);
    this.box.setAttribute("aria-label", t("panel.words"));
    setText(this.newest, t("panel.newest"));
    const note = lines.length ? (speech === "shed" ? "call.speech_shed" : "") : speech === "off" ? "call.speech_off" : "call.no_words";
    show(this.note, note !== "");
    setText(this.note, note ? t(note) : "");
    const there = new Set(lines.map((line) => line.id));
    for (const [id, item] of this.items) {
      if (there.has(id)) continue;
      item.element.remove();
      this.items.delete(id);
    }
    let next = this.note.nextElementSibling;
    for (const line of lines) {
      const item = this.item(line, said);
      if (item.element === next) next = next.nextElementSibling;
      else this.list.insertBefore(item.element, next);
    }
  }

  /** Another call: begins at its newest line. */
  begin() {
    for (const item of this.items.values()) item.element.remove();
    this.items.clear();
    this.box.scrollTop = 0;
    show(this.newest, false);
  }

  /**
   * @param {any} line
   * @param {Said} said
   * @returns {Item}
   */
  item(line, { alerts, superior }) {
    let item = this.items.get(line.id);
    if (!item) {
      item = { element: h("li", { class: "line" }), time: h("time", {}, clock(line.start_s)), said: h("div", { class: "said" }), says: null };
      item.element.append(item.time, item.said);
      this.items.set(line.id, item);
    }
    const found = evidenceIn(alerts, line, title);
    const speaker = line.role === "operator" && superior && line.start_s >= superior.from ? (superior.alone ? "superior" : "both") : line.role;
    const says = JSON.stringify([current(), speaker, line.final, line.doubted, line.text, line.other, found]);
    if (item.says === says) return item;
    item.says = says;
    Object.assign(item.element.dataset, { role: line.role, speaker, final: line.final ? "yes" : "no", found: found.words.length || found.loud ? "yes" : "no" });
    const whole = found.words.find((each) => each.matched === "");
    item.said.replaceChildren(
      h("span", { class: speaker === line.role && line.role !== "mixed" ? "unseen" : "speaker" }, `${speaker === line.role ? word("role", line.role) : t(`panel.speaker_${speaker}`)}: `),
      h("span", { class: "words" }, ...(whole ? [h("mark", { dataset: { severity: look(whole.severity) }, title: whole.title }, line.text)] : withMarks(line.text, marksOf(line, found.words)))),
      ...(found.loud ? [" ", h("span", { class: "loud", dataset: { severity: look(found.loud) } }, t("panel.loud"))] : []),
      ...otherHearing(line.other));
    return item;
  }
}

/**
 * @param {any} line
 * @param {import("../store/evidence.js").FoundWords[]} found
 * @returns {Marked[]}
 */
function marksOf(line, found) {
  const words = found.map((each) => ({
    at: line.text.indexOf(each.matched),
    words: each.matched,
    element: () => h("mark", { dataset: { severity: look(each.severity) }, title: each.title }, each.matched),
  }));
  const doubted = (line.doubted ?? []).map((/** @type {any} */ each) => ({
    at: line.text.indexOf(each.matched),
    words: each.matched,
    element: () => h("span", { class: "doubted", title: t("call.doubted", { category: find(`category.${each.category}`) ?? each.category }) }, each.matched),
  }));
  return [...words, ...doubted];
}

/**
 * Another recogniser's hearing of a line, a click away.
 * @param {any} other
 */
const otherHearing = (other) => (other ? [h("details", { class: "other" }, h("summary", {}, t("call.other_hearing")), h("span", { class: "heard" }, `${other.text} (${other.engine})`))] : []);
