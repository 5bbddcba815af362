// The second factor of the own account: an authenticator app, and recovery codes.

import { fill, h, show } from "./dom.js";
import { current, t } from "../store/i18n.js";
import { load, refused, send } from "../store/session.js";

/** @typedef {import("../store/session.js").Answer} Answer */

export class Factor {
  /**
   * @param {HTMLElement} element an empty panel
   * @param {() => void} changed called once it was turned on or off
   */
  constructor(element, changed) {
    this.element = element;
    this.changed = changed;
    /** @type {Answer | null} */
    this.state = null; // {on, recovery_codes, needed}
    /** @type {Answer | null} */
    this.begun = null; // {secret, uri} while it is being set up
    /** @type {string[] | null} */
    this.codes = null; // the recovery codes, shown once
    /** @type {Answer | null} */
    this.fault = null;
    this.sending = false;
  }

  /** Asks whether it is on. */
  async load() {
    const answer = await load("/api/me/factor");
    this.state = answer.ok ? answer : null;
    this.words();
  }

  /** Draws the panel in the language of the page. */
  words() {
    const { state } = this;
    show(this.element, state !== null);
    if (state === null) return;
    const key = JSON.stringify([state, this.begun?.secret, this.codes, this.fault, current()]);
    fill(this.element, key, () => [h("h2", {}, t("factor.title")), this.fault ? h("p", { class: "fault", role: "alert" }, refused(this.fault)) : null, ...this.content(state)]);
  }

  /**
   * @param {Answer} state
   * @returns {HTMLElement[]}
   */
  content(state) {
    if (this.codes) return this.recovery(this.codes);
    if (this.begun) return this.setUp(this.begun);
    if (state.on) return [h("p", {}, t("factor.is_on", { n: state.recovery_codes })), this.form(t("factor.turn_off"), "/api/me/factor/off")];
    return [
      h("p", { class: state.needed ? "fault" : null }, t(state.needed ? "factor.needed" : "factor.is_off")),
      h("button", { type: "button", class: "secondary", onclick: () => this.begin() }, t("factor.begin")),
    ];
  }

  /** @param {Answer} begun */
  setUp(begun) {
    return [
      h("p", {}, t("factor.scan")),
      // Another address for each secret, or the browser would show the picture of the one before.
      h("img", { class: "qr", src: `/api/me/factor/picture?of=${encodeURIComponent(begun.secret.slice(0, 4))}`, alt: t("factor.picture") }),
      h("p", {}, t("factor.type"), " ", h("code", {}, begun.secret)),
      this.form(t("factor.confirm"), "/api/me/factor/confirm"),
    ];
  }

  /** @param {string[]} codes */
  recovery(codes) {
    return [
      h("p", { class: "good", role: "status" }, t("factor.turned_on")),
      h("p", {}, t("factor.keep_codes")),
      h("ul", { class: "codes" }, ...codes.map((code) => h("li", {}, h("code", {}, code)))),
      h("button", { type: "button", class: "primary", onclick: () => { this.codes = null; this.load(); } }, t("factor.kept")),
    ];
  }

  /**
   * @param {string} title
   * @param {string} path
   */
  form(title, path) {
    const password = h("input", { type: "password", autocomplete: "current-password", required: true, maxlength: "256" });
    const code = h("input", { autocomplete: "one-time-code", required: true, maxlength: "32" });
    return h("form", { class: "inner", onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); this.send(path, password.value, code.value); } },
      h("label", {}, h("span", {}, t("account.present")), password),
      h("label", {}, h("span", {}, t("login.code")), code),
      h("button", { type: "submit", class: "secondary" }, title));
  }

  async begin() {
    const answer = await send("/api/me/factor/begin");
    this.fault = answer.ok ? null : answer;
    this.begun = answer.ok ? answer : null;
    this.words();
  }

  /**
   * @param {string} path
   * @param {string} password
   * @param {string} code
   */
  async send(path, password, code) {
    if (this.sending) return; // a code is good once: the second press would be refused, beside the recovery codes
    this.sending = true;
    const answer = await send(path, { password, code });
    this.sending = false;
    this.fault = answer.ok ? null : answer;
    if (answer.ok) {
      this.begun = null;
      this.codes = answer.recovery_codes ?? null;
      await this.load();
      this.changed();
    } else {
      this.words();
    }
  }
}
