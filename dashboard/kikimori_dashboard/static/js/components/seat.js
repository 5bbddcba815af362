// Who sits at this PC today: asked once a shift with one tap, where the PC is a kiosk.

import { h, setText } from "./dom.js";
import { refusalText } from "./form.js";
import { t } from "../store/i18n.js";
import { latest } from "../store/latest.js";
import { load, send } from "../store/session.js";

const ASK_AGAIN_MS = 60_000; // after a shift the answer counts no more

/** @typedef {{id: string, name: string, pin: boolean}} Candidate */

/** The question and the answer, in the foot of the operator's page. */
export class Seat {
  /** @param {HTMLElement} element the button in the foot */
  constructor(element) {
    this.element = element;
    /** @type {import("../store/session.js").Answer | null} {kiosk, asked, name, extension, candidates} */
    this.seat = null;
    /** @type {HTMLDialogElement | null} */
    this.dialog = null;
    this.loadLatest = latest(load);
    this.sitting = false; // a name is on its way
    element.addEventListener("click", () => this.ask());
  }

  async start() {
    await this.look();
    setInterval(() => this.look(), ASK_AGAIN_MS);
  }

  async look() {
    const answer = await this.loadLatest("/api/seat");
    if (answer === null || !answer.ok || this.sitting) return;
    this.seat = answer;
    this.words();
    if (this.seat.kiosk && !this.seat.asked && this.seat.candidates.length) this.ask();
  }

  words() {
    this.element.hidden = !this.seat?.kiosk;
    setText(this.element, t("seat.is", { name: this.seat?.name ?? t("seat.unknown") }));
  }

  /** Asks; a call goes on behind, and calling for help needs no answer. */
  ask() {
    if (this.dialog || !this.seat?.kiosk) return;
    const fault = h("p", { class: "failed", role: "alert", hidden: true });
    const sit = async (/** @type {Candidate | null} */ person, pin = "") => {
      if (this.sitting) return;
      this.sitting = true;
      const answer = await send("/api/seat", { person_id: person?.id ?? null, pin });
      this.sitting = false;
      if (answer.ok) {
        this.dialog?.close();
        await this.look();
        return;
      }
      fault.hidden = false;
      setText(fault, refusalText(answer));
    };
    const names = this.seat.candidates.map((/** @type {Candidate} */ person) => h("button", { type: "button", class: "seat-name", onclick: () => (person.pin ? this.askPin(person, sit) : sit(person)) }, person.name));
    const dialog = h("dialog", { class: "seat", "aria-label": t("seat.title") }, h("h2", {}, t("seat.title")), h("p", {}, t("call.extension", { number: this.seat.extension })), fault,
      h("div", { class: "seat-names" }, ...names, h("button", { type: "button", class: "quiet", onclick: () => sit(null) }, t("seat.not_listed"))));
    this.dialog = dialog;
    dialog.addEventListener("close", () => { dialog.remove(); this.dialog = null; });
    document.body.append(dialog);
    dialog.show(); // not modal: the button for help stays in reach
  }

  /**
   * @param {Candidate} person
   * @param {(person: Candidate, pin: string) => void} sit
   */
  askPin(person, sit) {
    const input = h("input", { type: "password", inputmode: "numeric", autocomplete: "off", maxlength: 8, "aria-label": t("seat.pin") });
    const form = h("form", { class: "seat-pin", onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); sit(person, input.value); } }, h("label", {}, `${person.name}: ${t("seat.pin")} `, input), h("button", { type: "submit", class: "seat-name" }, t("seat.ok")));
    this.dialog?.querySelector(".seat-pin")?.remove();
    this.dialog?.append(form);
    input.focus();
  }
}
