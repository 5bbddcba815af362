// A dialog with fields: asks, shows what the server refuses beside the field, and closes when it was taken.

import { h } from "./dom.js";
import { find, t } from "../store/i18n.js";
import { refused } from "../store/session.js";

/** @typedef {import("../store/session.js").Answer} Answer */
/** @typedef {{name: string, label: string, value?: string, type?: string, hint?: string, attributes?: Record<string, any>}} Field */

/**
 * What a section of the page of people needs of the page.
 * @typedef {object} Section
 * @property {string | null | undefined} own id of the person who is signed in
 * @property {(path: string) => Promise<Answer | null>} read reads from the server; null after a refusal, which is shown
 * @property {(answer: Answer | null, done: string) => Promise<void>} came shows what came of a change, and the list anew
 */

/**
 * The text for a refusal of a form.
 * @param {{reason?: string, fault?: string, wait_s?: number}} answer
 */
export function refusalText(answer) {
  if (answer.reason === "bad_field") return t(`field_fault.${answer.fault}`);
  return find(`people.refused.${answer.reason}`) ?? refused(answer);
}

/**
 * Opens a form; resolves to the server's answer, or to null when somebody thought better of it.
 * @param {string} title
 * @param {Field[]} fields
 * @param {(values: Record<string, string>) => Promise<Answer>} save
 * @param {HTMLElement[]} more further parts, between the fields and the buttons
 * @returns {Promise<Answer | null>}
 */
export function ask(title, fields, save, more = []) {
  const fault = h("p", { class: "fault", role: "alert", hidden: true });
  /** @type {Map<string, {element: HTMLElement, why: HTMLElement, input: HTMLInputElement}>} */
  const labels = new Map();
  const inputs = fields.map(({ name, label, value = "", type = "text", hint, attributes = {} }) => {
    const why = h("span", { class: "why", id: `why-${name}`, hidden: true });
    const input = h("input", { name, type, value, autocomplete: "off", "aria-describedby": `why-${name}`, ...attributes });
    const element = h("label", {}, h("span", {}, label), input, hint ? h("small", { class: "hint" }, hint) : null, why);
    labels.set(name, { element, why, input });
    return element;
  });
  const send = h("button", { class: "primary", type: "submit" }, t("people.save"));
  const form = h("form", { onsubmit: submit });
  const dialog = h("dialog", { "aria-label": title }, form);
  form.append(h("h2", {}, title), fault, h("div", { class: "fields" }, ...inputs), ...more,
      h("div", { class: "bar" }, send, h("button", { class: "secondary", type: "button", onclick: () => dialog.close() }, t("people.cancel"))));
  /** @type {Promise<Answer> | null} */
  let sent = null; // the last that was saved, or is being saved

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    sent = save(/** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form))));
    const answer = await sent;
    send.disabled = false;
    if (answer.ok) {
      dialog.close();
      return;
    }
    const at = labels.get(answer.field);
    for (const { element, why } of labels.values()) {
      element.classList.remove("bad");
      why.hidden = true;
    }
    fault.hidden = Boolean(at);
    fault.textContent = at ? "" : refusalText(answer);
    if (!at) return;
    at.element.classList.add("bad");
    at.why.textContent = refusalText(answer);
    at.why.hidden = false;
    at.input.focus();
  }

  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", async () => {
      dialog.remove();
      // Closed while it was being saved: what came of it is told all the same.
      const answer = await sent;
      resolve(answer?.ok ? answer : null);
    });
    dialog.showModal();
  });
}
