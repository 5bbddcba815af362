// The second factor of the own account: an authenticator app, and recovery codes.

import { fill, h, show } from "./dom.js";
import { current, t } from "../store/i18n.js";
import { load, refused, send } from "../store/session.js";

export class Factor {
  /** `element`: an empty panel. `changed` is called once it was turned on or off. */
  constructor(element, changed) {
    this.element = element;
    this.changed = changed;
    this.state = null; // {on, recovery_codes, needed}
    this.begun = null; // {secret, uri} while it is being set up
    this.codes = null; // the recovery codes, shown once
    this.fault = null;
  }

  /** Asks whether it is on. */
  async load() {
    const answer = await load("/api/me/factor");
    this.state = answer.ok ? answer : null;
    this.words();
  }

  /** Draws the panel in the language of the page. */
  words() {
    show(this.element, this.state !== null);
    if (this.state === null) return;
    const key = JSON.stringify([this.state, this.begun?.secret, this.codes, this.fault, current()]);
    fill(this.element, key, () => [h("h2", {}, t("factor.title")), this.fault ? h("p", { class: "fault", role: "alert" }, refused(this.fault)) : null, ...this.content()].filter(Boolean));
  }

  content() {
    if (this.codes) return this.recovery();
    if (this.begun) return this.setUp();
    if (this.state.on) return [h("p", {}, t("factor.is_on", { n: this.state.recovery_codes })), this.form(t("factor.turn_off"), "/api/me/factor/off")];
    return [
      h("p", { class: this.state.needed ? "fault" : null }, t(this.state.needed ? "factor.needed" : "factor.is_off")),
      h("button", { type: "button", class: "secondary", onclick: () => this.begin() }, t("factor.begin")),
    ];
  }

  setUp() {
    return [
      h("p", {}, t("factor.scan")),
      // Another address for each secret, or the browser would show the picture of the one before.
      h("img", { class: "qr", src: `/api/me/factor/picture?of=${encodeURIComponent(this.begun.secret.slice(0, 4))}`, alt: t("factor.picture") }),
      h("p", {}, t("factor.type"), " ", h("code", {}, this.begun.secret)),
      this.form(t("factor.confirm"), "/api/me/factor/confirm"),
    ];
  }

  recovery() {
    return [
      h("p", { class: "good", role: "status" }, t("factor.turned_on")),
      h("p", {}, t("factor.keep_codes")),
      h("ul", { class: "codes" }, ...this.codes.map((code) => h("li", {}, h("code", {}, code)))),
      h("button", { type: "button", class: "primary", onclick: () => { this.codes = null; this.load(); } }, t("factor.kept")),
    ];
  }

  form(title, path) {
    const password = h("input", { type: "password", autocomplete: "current-password", required: true, maxlength: "256" });
    const code = h("input", { autocomplete: "one-time-code", required: true, maxlength: "32" });
    return h("form", { class: "inner", onsubmit: (event) => { event.preventDefault(); this.send(path, password.value, code.value); } },
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

  async send(path, password, code) {
    const answer = await send(path, { password, code });
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
