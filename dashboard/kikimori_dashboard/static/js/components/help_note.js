// Why the operator calls, and what they wish: a tap or a line, if they want; never needed.

import { fill, h, setText, show } from "./dom.js";
import { helpReasons, reasonText } from "../store/help_reasons.js";
import { current, t } from "../store/i18n.js";

const MOST = 200;

export class HelpNote {
  /** @param {(said: {reason?: string, comment?: string}) => Promise<boolean>} send true = it has arrived */
  constructor(send) {
    this.send = send;
    /** @type {string | null} */
    this.reason = null;
    this.turn = 0; // number of the request that it belongs to
    this.sending = false;
    this.more = false; // something was said while the last was on its way
    this.taps = h("div", { class: "taps", role: "group" });
    this.input = /** @type {HTMLInputElement} */ (h("input", { name: "comment", maxlength: String(MOST), autocomplete: "off" }));
    this.button = h("button", { type: "submit" });
    this.told = h("p", { class: "told", role: "status" });
    this.form = h("form", { onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); this.tell(); } }, this.input, this.button);
    this.element = h("section", { class: "note" }, this.taps, this.form, this.told);
    this.forget();
  }

  /** Begins anew: another call, or another request. What is still on its way holds nothing up. */
  forget() {
    this.turn += 1;
    this.reason = null;
    this.sending = false;
    this.more = false;
    this.input.value = "";
    show(this.element, false);
  }

  /**
   * @param {boolean} shown
   * @param {{reason: string | null, comment: string | null}} said what has arrived
   * @param {boolean} usable
   */
  update(shown, said, usable) {
    show(this.element, shown);
    if (!shown) return;
    const chosen = this.reason ?? said.reason;
    fill(this.taps, JSON.stringify([helpReasons(), chosen, usable, current()]), () => helpReasons().map(({ id, text }) =>
      h("button", { type: "button", disabled: !usable, "aria-pressed": String(id === chosen), dataset: { reason: id }, onclick: () => { this.reason = id; this.tell(); } }, text)));
    this.taps.setAttribute("aria-label", t("operator.note.why"));
    this.input.setAttribute("aria-label", t("operator.note.wish"));
    this.input.setAttribute("placeholder", t("operator.note.wish"));
    setText(this.button, t("operator.note.tell"));
    this.button.toggleAttribute("disabled", !usable);
    const parts = [said.reason && reasonText(said.reason), said.comment].filter(Boolean);
    setText(this.told, parts.length ? t("operator.note.told", { said: parts.join("　") }) : "");
  }

  /** Sends what is chosen and written; once the last has been answered, as one request at a time is taken. */
  async tell() {
    this.more = true;
    if (this.sending) return;
    const { turn } = this;
    this.sending = true;
    while (this.more && turn === this.turn) {
      this.more = false;
      const comment = this.input.value.trim();
      if (comment || this.reason) await this.send({ ...(this.reason ? { reason: this.reason } : {}), ...(comment ? { comment } : {}) });
    }
    if (turn === this.turn) this.sending = false;
  }
}
