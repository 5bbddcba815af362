// Notes on a call that all supervisors see: a list, and a line to write one.

import { fill, h, setText, show } from "./dom.js";
import { current, find, hourAndMinute, t } from "../store/i18n.js";
import { isOwn } from "./marks.js";
import { send } from "../store/session.js";

const LONGEST = 200; // as the server takes them

export class Notes {
  constructor() {
    this.callId = "";
    /** @type {Map<string, string>} what was typed and not sent, by call */
    this.drafts = new Map();
    /** @type {Promise<void>} */
    this.writing = Promise.resolve(); // until the last note was answered
    this.title = h("h3");
    this.list = h("ol", { class: "notes-list" });
    this.input = h("input", { type: "text", maxlength: LONGEST, autocomplete: "off", oninput: () => this.drafts.set(this.callId, this.input.value) });
    this.button = h("button", { type: "submit", class: "secondary" });
    this.fault = h("p", { class: "note-fault", role: "status", hidden: true });
    this.form = h("form", { class: "note-form" }, this.input, this.button);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.write();
    });
    this.element = h("div", { class: "notes" }, this.title, this.list, this.fault, this.form);
  }

  /**
   * @param {any} call
   * @param {boolean} usable whether a note can be written now
   */
  update(call, usable) {
    const notes = call.notes ?? [];
    if (this.callId !== call.call_id) {
      this.callId = call.call_id;
      this.input.value = this.drafts.get(this.callId) ?? "";
      show(this.fault, false);
    }
    setText(this.title, t("note.title"));
    this.input.setAttribute("aria-label", t("note.label"));
    this.input.setAttribute("placeholder", t("note.hint"));
    setText(this.button, t("note.send"));
    this.button.disabled = !usable || call.status === "ended";
    fill(this.list, JSON.stringify([notes, notes.map(isOwn), current()]), () => (notes.length ? notes.map((/** @type {any} */ each) => this.item(each)) : [h("li", { class: "none" }, t("note.none"))]));
  }

  /** @param {any} note */
  item(note) {
    return h("li", {},
      h("span", { class: "note-text" }, note.text),
      h("span", { class: "note-by" }, t("note.by", { name: note.name, time: hourAndMinute(note.at) })),
      isOwn(note) ? h("button", { type: "button", class: "quiet", "aria-label": t("note.remove_of", { text: note.text }), onclick: () => this.post(`/${encodeURIComponent(note.id)}/remove`, {}) }, t("note.remove")) : null);
  }

  /** Sends what is typed, once the last note has been answered. The line is free at once: the next note can be typed. */
  write() {
    const text = this.input.value.trim();
    const { callId } = this;
    if (!text) return;
    this.drafts.delete(callId);
    this.input.value = "";
    this.writing = this.writing.then(() => this.writeOne(callId, text));
  }

  /**
   * @param {string} callId
   * @param {string} text
   */
  async writeOne(callId, text) {
    if (await this.post("", { text }, callId)) return;
    const kept = [text, this.drafts.get(callId)].filter(Boolean).join(" ");
    this.drafts.set(callId, kept);
    if (this.callId === callId) this.input.value = kept;
  }

  /**
   * @param {string} path
   * @param {object} body
   * @param {string} [callId]
   * @returns {Promise<boolean>} whether it was done; what was typed stays where it was not
   */
  async post(path, body, callId = this.callId) {
    this.button.setAttribute("aria-busy", "true");
    const answer = await send(`/api/calls/${encodeURIComponent(callId)}/notes${path}`, body);
    this.button.removeAttribute("aria-busy");
    if (this.callId === callId) {
      show(this.fault, !answer.ok);
      setText(this.fault, answer.ok ? "" : find(`reason.${answer.reason}`) ?? t("note.failed"));
    }
    return answer.ok;
  }
}
