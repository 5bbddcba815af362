// The words of a recorded call in two columns; the line that is heard is marked and kept in sight, a click goes there.

import { clock, t, title } from "../store/i18n.js";
import { foundIn, lineAt, timeOfLetter, wordAt } from "../store/recorded.js";
import { h, setText, show } from "./dom.js";
import { look } from "./severity.js";
import { speakerName, withMarks } from "./transcript.js";

/** @typedef {import("../store/recorded.js").RecordedLine} Line */

const SPOKEN = "spoken"; // name of the highlight, also in css

export class RecordedLines {
  /** @param {(seconds: number) => void} seek */
  constructor(seek) {
    this.seek = seek;
    this.heads = h("div", { class: "heads", "aria-hidden": "true" }, h("span", { dataset: { role: "customer" } }), h("span", { dataset: { role: "operator" } }));
    this.list = h("ol");
    this.none = h("p", { class: "none", hidden: true });
    this.box = h("div", { class: "lines", tabindex: "0", role: "region" }, this.none, this.list);
    this.back = h("button", { type: "button", class: "follow", hidden: true, onclick: () => this.follow(true) });
    this.element = h("div", { class: "said-list" }, this.heads, this.box, this.back);
    /** @type {Line[]} */
    this.lines = [];
    /** @type {HTMLElement[]} */
    this.items = [];
    this.present = -1;
    this.follows = true;
    /** @type {{from: number, to: number} | null} the word that is heard */
    this.spoken = null;
    this.why = "";
    for (const each of ["wheel", "touchmove"]) this.box.addEventListener(each, () => this.follow(false), { passive: true });
    this.list.addEventListener("click", (event) => this.click(event));
  }

  /**
   * @param {import("../store/recorded.js").RecordedCall} recorded
   * @param {string} why text where there are no words
   */
  show(recorded, why) {
    this.lines = recorded.lines;
    this.why = why;
    const found = foundIn(recorded);
    this.items = this.lines.map((line, index) => this.item(line, index, found[index]));
    this.list.replaceChildren(...this.items);
    this.present = -1;
    this.words();
  }

  words() {
    const [customer, operator] = this.heads.children;
    setText(customer, t("role.customer"));
    setText(operator, t("role.operator"));
    this.box.setAttribute("aria-label", t("panel.words"));
    setText(this.back, t("recorded.follow"));
    show(this.none, this.lines.length === 0);
    setText(this.none, this.why);
  }

  /**
   * @param {Line} line
   * @param {number} index
   * @param {{words: import("../store/recorded.js").Found[], loud: string | null}} found
   */
  item(line, index, { words: found, loud }) {
    const marked = found.map((each) => {
      const words = each.matched || line.text;
      return { at: line.text.indexOf(words), words, element: () => h("mark", { dataset: { severity: look(each.severity) }, title: title(each.title) }, words) };
    });
    const by = line.spoken_by;
    const speaker = by ? (by.certain ? "superior" : "both") : line.role;
    return h("li", { class: "line", dataset: { role: line.role, speaker, index, found: found.length || loud ? "yes" : "no" } },
      h("button", { type: "button", class: "at", tabindex: "-1" }, clock(line.start_s)),
      h("div", { class: "said" },
        h("span", { class: by || line.role === "mixed" ? "speaker" : "unseen" }, `${speakerName(speaker, by?.superior.name || by?.superior.number)}: `),
        h("span", { class: "words" }, ...withMarks(line.text, marked)),
        ...(loud ? [" ", h("span", { class: "loud", dataset: { severity: look(loud) } }, t("panel.loud"))] : [])));
  }

  /** @param {MouseEvent} event */
  click(event) {
    const item = event.target instanceof Element ? event.target.closest("li") : null;
    if (!item || !getSelection()?.isCollapsed) return;
    const line = this.lines[Number(item.dataset.index)];
    const offset = letterAt(item, event);
    this.follow(true);
    this.seek(offset === null ? line.start_s : timeOfLetter(line, offset));
  }

  /** @param {boolean} follows */
  follow(follows) {
    this.follows = follows;
    show(this.back, !follows && this.present >= 0);
    if (follows) this.intoSight();
  }

  /**
   * Marks the line and the word of a time.
   * @param {number} now
   */
  at(now) {
    const index = lineAt(this.lines, now);
    if (index !== this.present) {
      this.items[this.present]?.removeAttribute("aria-current");
      this.present = index;
      this.items[index]?.setAttribute("aria-current", "true");
      if (this.follows) this.intoSight();
      else show(this.back, index >= 0);
    }
    this.mark(now);
  }

  intoSight() {
    const item = this.items[this.present];
    if (!item) return;
    if (this.box.scrollHeight <= this.box.clientHeight + 1) {
      // On a small screen the page scrolls, not the box; most of it is behind the player.
      const { top, bottom } = item.getBoundingClientRect();
      if (top < innerHeight * 0.4 || bottom > innerHeight * 0.9) scrollBy({ top: top - innerHeight * 0.6 });
      return;
    }
    const [box, line] = [this.box.getBoundingClientRect(), item.getBoundingClientRect()];
    // A third from above: what comes next is in sight.
    if (line.top < box.top + 8 || line.bottom > box.bottom - box.height / 3) this.box.scrollTop += line.top - box.top - box.height / 3;
  }

  /** @param {number} now */
  mark(now) {
    if (!("highlights" in CSS)) return;
    const line = this.lines[this.present];
    const spoken = line ? wordAt(line, now) : null;
    if (spoken === this.spoken) return;
    this.spoken = spoken;
    const range = spoken && rangeOf(this.items[this.present], spoken.from, spoken.to);
    if (range) CSS.highlights.set(SPOKEN, new Highlight(range));
    else CSS.highlights.delete(SPOKEN);
  }

  /**
   * Begin of the next or previous line; null where there is none.
   * @param {number} now
   * @param {1 | -1} way
   */
  neighbour(now, way) {
    const index = lineAt(this.lines, now);
    // Back goes to the begin of this line first, unless it has only just begun.
    const wanted = way > 0 ? index + 1 : index >= 0 && now - this.lines[index].start_s > 1 ? index : index - 1;
    return this.lines[wanted]?.start_s ?? null;
  }
}

/**
 * Place in a line's text that was clicked; null beside the words.
 * @param {Element} item
 * @param {MouseEvent} event
 */
function letterAt(item, event) {
  const words = item.querySelector(".words");
  const at = document.caretRangeFromPoint?.(event.clientX, event.clientY);
  if (!words || !at || !words.contains(at.startContainer)) return null;
  const before = document.createRange();
  before.setStart(words, 0);
  before.setEnd(at.startContainer, at.startOffset);
  return before.toString().length;
}

/**
 * @param {Element} item
 * @param {number} from
 * @param {number} to
 * @returns {Range | null}
 */
function rangeOf(item, from, to) {
  const words = item.querySelector(".words");
  if (!words) return null;
  const range = document.createRange();
  const texts = document.createTreeWalker(words, NodeFilter.SHOW_TEXT);
  let done = 0;
  let began = false;
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const { length } = /** @type {Text} */ (node);
    if (!began && from < done + length) {
      range.setStart(node, from - done);
      began = true;
    }
    if (began && to <= done + length) {
      range.setEnd(node, to - done);
      return range;
    }
    done += length;
  }
  return null;
}

