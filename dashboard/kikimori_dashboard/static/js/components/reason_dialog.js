// Asks why somebody listens to a recorded call, where the office wants to know.

import { t } from "../store/i18n.js";
import { h } from "./dom.js";

const LONGEST = 200; // as the server takes it

/**
 * Asks for a reason; null where none is given.
 * @returns {Promise<string | null>}
 */
export function askReason() {
  const input = h("input", { type: "text", maxlength: LONGEST, required: true, autocomplete: "off", placeholder: t("recorded.reason_hint") });
  const form = h("form", { method: "dialog" },
    h("h2", { id: "reason-title" }, t("recorded.reason_title")),
    h("p", {}, t("recorded.reason_why")),
    h("label", {}, h("span", {}, t("recorded.reason")), input),
    h("p", { class: "row" }, h("button", { type: "submit", class: "primary", value: "play" }, t("recorded.play")), h("button", { type: "button", class: "secondary", onclick: () => dialog.close() }, t("recorded.cancel"))));
  const dialog = h("dialog", { class: "ask-reason", "aria-labelledby": "reason-title" }, form);
  form.addEventListener("submit", (event) => { if (!input.value.trim()) event.preventDefault(); });
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "play" ? input.value.trim() : null);
    });
  });
}
