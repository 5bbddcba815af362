// The keys of a page, and the dialog that lists them, opened by `?`.

import { h } from "./dom.js";
import { find, t } from "../store/i18n.js";

/**
 * Keys by the text that says what they do.
 * @type {Map<string, string[]>}
 */
const keys = new Map([
  ["keys.tab", ["Tab"]],
  ["keys.press", ["Enter", "Space"]],
  ["keys.list", ["?"]],
]);

/**
 * Adds a key to the list; several keys that do the same stand in one row.
 * @param {string} key as `KeyboardEvent.key` has it, e.g. "j" or "ArrowDown"
 * @param {string} textKey text that says what it does, e.g. "keys.next"
 */
export function register(key, textKey) {
  const same = keys.get(textKey) ?? [];
  if (!same.includes(key)) keys.set(textKey, [...same, key]);
}

/** @param {string} key */
const keyName = (key) => find(`keys.name.${key}`) ?? key;

/** Opens the list. The focus returns to where it was, as with every modal dialog. */
export function openKeys() {
  const rows = [...keys].map(([textKey, names]) =>
    h("div", {}, h("dt", {}, ...names.flatMap((name, index) => [index ? " " : null, h("kbd", {}, keyName(name))])), h("dd", {}, t(textKey))));
  const dialog = h("dialog", { class: "key-list", "aria-labelledby": "key-list-title" },
    h("h2", { id: "key-list-title" }, t("keys.title")),
    h("dl", {}, ...rows),
    h("button", { type: "button", class: "secondary", onclick: () => dialog.close() }, t("keys.close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {EventTarget | null} target */
const isField = (target) => target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

addEventListener("keydown", (event) => {
  if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  event.preventDefault();
  openKeys();
});
