// The words of a call in two columns, oldest first: customer left, operator right. The box keeps to the newest line by
// itself, unless somebody scrolled up: it is laid out from the bottom (css), so nothing has to be measured.

import { arrange, fill, h, setText, show } from "./dom.js";
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
export function withMarks(text, marked) {
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

/**
 * The elements of a line; `line`: as it was drawn, `around`: what else decided how.
 * @typedef {{element: HTMLElement, speaker: HTMLElement, words: HTMLElement, rest: HTMLElement, line: Line | null, around: string}} Item
 */

/**
 * @typedef {import("../store/messages.d.ts").LineView} Line
 *
 * @typedef {object} Said
 * @property {Line[]} lines in order of time
 * @property {string} speech state of the call's speech recognition
 * @property {import("../store/picture.js").Alert[]} alerts of the call, worst first
 * @property {{from: number, alone: boolean} | null} superior from when a superior speaks, where the lines do not say it; see `superiorSpeaks`
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
    for (const id of this.items.keys()) if (!there.has(id)) this.items.delete(id);
    const around = JSON.stringify([current(), said.superior, said.alerts.map((alert) => [alert.alert_id, alert.revision])]);
    arrange(this.list, [this.note, ...lines.map((line) => this.item(line, said, around).element)]);
  }

  /** Another call: begins at its newest line. */
  begin() {
    for (const item of this.items.values()) item.element.remove();
    this.items.clear();
    this.box.scrollTop = 0;
    show(this.newest, false);
  }

  /**
   * @param {Line} line
   * @param {Said} said
   * @param {string} around differs when lines may look otherwise though they say the same
   * @returns {Item}
   */
  item(line, { alerts, superior }, around) {
    const item = this.items.get(line.id) ?? this.begun(line);
    if (item.line === line && item.around === around) return item;
    item.line = line;
    item.around = around;
    const found = evidenceIn(alerts, line, title);
    const speaker = speakerOf(line, superior);
    const shown = { role: line.role, speaker, final: line.final ? "yes" : "no", found: found.words.length || found.loud ? "yes" : "no" };
    for (const [name, value] of Object.entries(shown)) if (item.element.dataset[name] !== value) item.element.dataset[name] = value;
    const named = speaker === line.role && line.role !== "mixed" ? "unseen" : "speaker";
    if (item.speaker.className !== named) item.speaker.className = named;
    setText(item.speaker, `${speakerName(speaker, line.superior?.name)}: `);
    this.drawWords(item.words, line, found.words);
    fill(item.rest, JSON.stringify([found.loud, line.other ?? null, current()]), () => [
      ...(found.loud ? [" ", h("span", { class: "loud", dataset: { severity: look(found.loud) } }, t("panel.loud"))] : []),
      ...otherHearing(line.other)]);
    return item;
  }

  /**
   * The elements of a line that is new.
   * @param {Line} line
   * @returns {Item}
   */
  begun(line) {
    const [speaker, words, rest] = [h("span"), h("span", { class: "words" }), h("span")];
    const element = h("li", { class: "line" }, h("time", {}, clock(line.start_s)), h("div", { class: "said" }, speaker, words, rest));
    /** @type {Item} */
    const item = { element, speaker, words, rest, line: null, around: "" };
    this.items.set(line.id, item);
    return item;
  }

  /**
   * @param {HTMLElement} element
   * @param {Line} line
   * @param {import("../store/evidence.js").FoundWords[]} found
   */
  drawWords(element, line, found) {
    const whole = found.find((each) => each.matched === "");
    if (whole) element.replaceChildren(h("mark", { dataset: { severity: look(whole.severity) }, title: whole.title }, line.text));
    else if (found.length || line.doubted?.length) element.replaceChildren(...withMarks(line.text, marksOf(line, found)));
    else setText(element, line.text);
  }
}

/**
 * Who says a line: as the agent says it; where it does not, from the time on at which a superior has the call.
 * @param {Line} line
 * @param {Said["superior"]} guessed
 */
function speakerOf(line, guessed) {
  if (line.superior) return line.superior.certain ? "superior" : "both";
  if (line.role !== "operator" || !guessed || line.start_s < guessed.from) return line.role;
  return guessed.alone ? "superior" : "both";
}

/**
 * Who says a line, in words.
 * @param {string} speaker a role, `superior`, or `both`: operator or superior
 * @param {string | null | undefined} superior name, where it is known
 */
export function speakerName(speaker, superior) {
  if (speaker !== "superior" && speaker !== "both") return word("role", speaker);
  return superior ? t(`panel.speaker_${speaker}_name`, { name: superior }) : t(`panel.speaker_${speaker}`);
}

/**
 * @param {Line} line
 * @param {import("../store/evidence.js").FoundWords[]} found
 * @returns {Marked[]}
 */
function marksOf(line, found) {
  const words = found.map((each) => ({
    at: line.text.indexOf(each.matched),
    words: each.matched,
    element: () => h("mark", { dataset: { severity: look(each.severity) }, title: each.title }, each.matched),
  }));
  const doubted = (line.doubted ?? []).map((each) => ({
    at: line.text.indexOf(each.matched),
    words: each.matched,
    element: () => h("span", { class: "doubted", title: t("call.doubted", { category: find(`category.${each.category}`) ?? each.category }) }, each.matched),
  }));
  return [...words, ...doubted];
}

/**
 * Another recogniser's hearing of a line, a click away.
 * @param {Line["other"]} other
 */
const otherHearing = (other) => (other ? [h("details", { class: "other" }, h("summary", {}, t("call.other_hearing")), h("span", { class: "heard" }, `${other.text} (${other.engine})`))] : []);
