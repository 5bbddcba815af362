// The words of a call, oldest first. The box keeps to the newest line by itself, unless somebody scrolled up: it is laid
// out from the bottom (css), so nothing has to be measured.

import { h, setText } from "./dom.js";
import { clock, current, find, t, word } from "../store/i18n.js";

/** The text with the words in grey that a phrase found and that raise nothing, each with the reason as its title. */
function withDoubts(text, doubted) {
  const parts = [];
  let rest = text;
  const places = doubted
    .map((each) => ({ ...each, at: text.indexOf(each.matched) }))
    .filter((each) => each.matched && each.at >= 0)
    .sort((a, b) => a.at - b.at);
  for (const each of places) {
    const at = rest.indexOf(each.matched);
    if (at < 0) continue;
    const name = find(`category.${each.category}`) ?? each.category;
    parts.push(rest.slice(0, at), h("span", { class: "doubted", title: t("call.doubted", { category: name }) }, each.matched));
    rest = rest.slice(at + each.matched.length);
  }
  return [...parts, rest];
}

export class Transcript {
  constructor() {
    this.list = h("ol");
    this.note = h("li", { class: "none", hidden: true });
    this.list.append(this.note);
    this.element = h("div", { class: "lines" }, this.list);
    this.items = new Map(); // line id → {element, speaker, words, says}
  }

  /** Shows a call's lines; touches only those that changed. `speech`: the state of its speech recognition. */
  update(lines, speech) {
    const note = lines.length ? (speech === "shed" ? "call.speech_shed" : "") : speech === "off" ? "call.speech_off" : "call.no_words";
    this.note.hidden = note === "";
    setText(this.note, note ? t(note) : "");
    const there = new Set(lines.map((line) => line.id));
    for (const [id, item] of this.items) {
      if (there.has(id)) continue;
      item.element.remove();
      this.items.delete(id);
    }
    let next = this.note.nextElementSibling;
    for (const line of lines) {
      const item = this.item(line);
      if (item.element === next) next = next.nextElementSibling;
      else this.list.insertBefore(item.element, next);
    }
  }

  item(line) {
    let item = this.items.get(line.id);
    if (!item) {
      item = { speaker: h("span", { class: "speaker" }), words: h("span", { class: "words" }), says: null, other: null };
      item.element = h("li", { class: "line" }, h("time", {}, clock(line.start_s)), item.speaker, item.words);
      this.items.set(line.id, item);
    }
    const doubted = line.doubted ?? [];
    const says = `${current()} ${line.role} ${line.final} ${doubted.map((each) => each.matched)} ${line.text} ${line.other?.text ?? ""}`;
    if (item.says !== says) {
      item.says = says;
      Object.assign(item.element.dataset, { role: line.role, final: line.final ? "yes" : "no" });
      setText(item.speaker, word("role", line.role));
      if (doubted.length) item.words.replaceChildren(...withDoubts(line.text, doubted));
      else setText(item.words, line.text);
      this.otherHearing(item, line.other);
    }
    return item;
  }

  /** Puts another recogniser's hearing of the line behind it, a click away; takes it away where there is none. */
  otherHearing(item, other) {
    item.other?.remove();
    item.other = other ? h("details", { class: "other" }, h("summary", {}, t("call.other_hearing")), h("span", { class: "heard" }, `${other.text} (${other.engine})`)) : null;
    if (item.other) item.element.append(item.other);
  }
}
