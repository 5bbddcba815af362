// The supervisor's own telephone: asked once, kept in this browser, changeable.

import { h, setText } from "./dom.js";
import { t } from "../store/i18n.js";
import { read, write } from "../store/preferences.js";

const PATTERN = "[0-9A-Za-z._\\-]{1,64}"; // what the command's target may be

export const own = () => read("telephone") || null;

/**
 * Asks for the extension; resolves to it, or to null when somebody thought better of it. `changed` hears of it.
 * @param {() => void} changed
 * @returns {Promise<string | null>}
 */
export function ask(changed) {
  const input = h("input", { name: "telephone", inputmode: "tel", maxlength: "64", pattern: PATTERN, required: true, autocomplete: "off", "aria-labelledby": "telephone-title", value: own() ?? "" });
  const dialog = h("dialog", { class: "ask", "aria-labelledby": "telephone-title", "aria-describedby": "telephone-why" },
    h("form", { onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); dialog.close(input.value.trim()); } },
      h("h2", { id: "telephone-title" }, t("telephone.title")),
      h("p", { id: "telephone-why" }, t("telephone.why")),
      h("div", { class: "fields" }, input,
        h("button", { type: "submit", class: "primary" }, t("telephone.save")),
        h("button", { type: "button", class: "secondary", onclick: () => dialog.close("") }, t("telephone.cancel")))));
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (dialog.returnValue) write("telephone", dialog.returnValue);
      changed();
      resolve(dialog.returnValue || null);
    });
    dialog.showModal();
    input.select();
  });
}

/**
 * The button in the page's head: which telephone rings, and how to change it.
 * @param {HTMLElement} button
 */
export function label(button) {
  setText(button, own() ? t("telephone.is", { ext: own() }) : t("telephone.set"));
}
