// The bell in the bar: whether alerts are heard, and the bar that asks for it once.

import * as chime from "./chime.js";
import { h, setText, show } from "./dom.js";
import { t } from "../store/i18n.js";

export class Bell {
  /**
   * @param {HTMLElement} button
   * @param {HTMLElement} asking the bar that asks at the first visit
   */
  constructor(button, asking) {
    this.button = button;
    this.asking = asking;
    this.question = h("span");
    this.yes = h("button", { type: "button", class: "secondary", onclick: () => this.answer(true) });
    this.no = h("button", { type: "button", class: "quiet", onclick: () => this.answer(false) });
    asking.append(this.question, this.yes, this.no);
    button.addEventListener("click", () => (chime.state() === "blocked" ? chime.unblock() : chime.toggle()));
    chime.watch(() => this.words());
  }

  /** @param {boolean} on */
  answer(on) {
    chime.choose(on);
    this.words();
  }

  words() {
    const state = chime.state();
    this.button.dataset.state = state;
    setText(this.button, t(`bell.${state}`));
    this.button.title = t(`bell.${state}_hint`);
    this.button.setAttribute("aria-pressed", String(state === "on"));
    show(this.asking, !chime.chosen());
    setText(this.question, t("bell.ask"));
    setText(this.yes, t("bell.yes"));
    setText(this.no, t("bell.no"));
  }
}
