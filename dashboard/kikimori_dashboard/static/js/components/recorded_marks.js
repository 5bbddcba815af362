// Whether people have gone through a recorded call, and their notes on it.

import { current, dateAndTime, find, t } from "../store/i18n.js";
import { draft, keepDraft } from "../store/drafts.js";
import { latest } from "../store/latest.js";
import { load, me, send } from "../store/session.js";
import { fill, h, setText, show } from "./dom.js";

const LONGEST = 200; // as the server takes them

/**
 * @typedef {{person_id: string, name: string, at: string}} Review
 * @typedef {Review & {id: string, text: string}} Note
 * @typedef {{reviewed: Review[], notes: Note[], false_alarms: Record<string, import("../store/recorded.js").FalseMark>}} Marks
 */

export class RecordedMarks {
  /**
   * @param {string} path address of the call
   * @param {() => void} changed called when other marks are there
   */
  constructor(path, changed) {
    this.path = path;
    this.changed = changed;
    /** @type {Marks} */
    this.marks = { reviewed: [], notes: [], false_alarms: {} };
    /** @type {string | null} */
    this.own = null;
    this.usable = true;
    this.asked = latest(load);
    this.state = h("p", { class: "state" });
    this.press = h("button", { type: "button", class: "secondary", onclick: () => this.toggle() });
    this.fault = h("p", { class: "fault", role: "alert", hidden: true });
    this.review = h("section", { class: "part review", dataset: { part: "review" } }, this.state, this.press, this.fault);
    this.title = h("h2");
    this.list = h("ol", { class: "notes-list" });
    this.input = h("input", { type: "text", maxlength: LONGEST, autocomplete: "off", oninput: () => keepDraft(this.own, this.path, this.input.value) });
    this.button = h("button", { type: "submit", class: "secondary" });
    this.form = h("form", { class: "note-form" }, this.input, this.button);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.write();
    });
    // Beside the line that was not written: the other may be out of sight, above alerts and course.
    this.noteFault = h("p", { class: "fault", role: "alert", hidden: true });
    this.notes = h("section", { class: "part", dataset: { part: "notes" } }, this.title, this.list, this.noteFault, this.form);
  }

  async begin() {
    this.own = (await me().catch(() => null))?.person_id ?? null;
    this.input.value ||= draft(this.own, this.path);
    await this.read();
  }

  async read() {
    const answer = await this.asked(`${this.path}/marks`);
    if (answer === null) return;
    if (answer.ok) this.marks = /** @type {any} */ (answer);
    this.draw();
    this.changed();
  }

  /** Whether the person at this page has gone through the call. */
  get mine() {
    return this.marks.reviewed.some((each) => each.person_id === this.own);
  }

  async toggle() {
    await this.post(this.mine ? "/review/undo" : "/review");
  }

  async write() {
    const text = this.input.value.trim();
    if (!text) return;
    // See `Notes`: the next note can be typed at once.
    this.input.value = "";
    if (!(await this.post("/notes", { text }))) this.input.value = [text, this.input.value].filter(Boolean).join(" ");
    keepDraft(this.own, this.path, this.input.value);
  }

  /**
   * @param {string} path
   * @param {object} [body]
   */
  async post(path, body = {}) {
    const answer = await send(this.path + path, body);
    const [fault, other] = path.startsWith("/notes") ? [this.noteFault, this.fault] : [this.fault, this.noteFault];
    show(other, false);
    show(fault, !answer.ok);
    setText(fault, answer.ok ? "" : find(`reason.${answer.reason}`) ?? t("note.failed"));
    if (answer.ok) await this.read();
    return answer.ok;
  }

  /** Forgets what was typed and not sent: the call is erased. */
  forget() {
    this.input.value = "";
    keepDraft(this.own, this.path, "");
  }

  /** Takes everything away that can be pressed: the call is erased, or the rights are gone. */
  close() {
    this.usable = false;
    this.asked.drop();
    this.marks = { reviewed: [], notes: [], false_alarms: {} };
    this.draw();
  }

  draw() {
    const { reviewed, notes } = this.marks;
    setText(this.state, reviewed.length
      ? reviewed.map((each) => t("recorded.reviewed_by", { name: each.person_id === this.own ? t("recorded.you") : each.name, time: dateAndTime(each.at) })).join(" ・ ")
      : t("recorded.not_reviewed"));
    this.review.dataset.reviewed = reviewed.length ? "yes" : "no";
    setText(this.press, t(this.mine ? "recorded.review_undo" : "recorded.review"));
    this.press.setAttribute("aria-pressed", String(this.mine));
    setText(this.title, t("recorded.notes_n", { n: notes.length }));
    this.input.setAttribute("aria-label", t("note.label"));
    this.input.setAttribute("placeholder", t("note.hint"));
    setText(this.button, t("note.send"));
    for (const each of [this.press, this.form]) show(each, this.usable && this.own !== null);
    fill(this.list, JSON.stringify([notes, this.own, current()]), () => (notes.length ? notes.map((each) => this.item(each)) : [h("li", { class: "none" }, t("note.none"))]));
  }

  /** @param {Note} note */
  item(note) {
    return h("li", {},
      h("span", { class: "note-text" }, note.text),
      h("span", { class: "note-by" }, t("note.by", { name: note.name, time: dateAndTime(note.at) })),
      note.person_id === this.own ? h("button", { type: "button", class: "quiet", "aria-label": t("note.remove_of", { text: note.text }), onclick: () => this.post(`/notes/${encodeURIComponent(note.id)}/remove`) }, t("note.remove")) : null);
  }
}
