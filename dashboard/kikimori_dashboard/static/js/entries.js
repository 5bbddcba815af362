// Entries of the audit as items of a list, in words.

import { h, setText, show } from "./dom.js";
import { dateAndTime, find, t } from "./i18n.js";

/** The action in words: `session.begin` by its own, `command.hold` by the button's; else as it is written. */
export function actionText(action) {
  const command = action.startsWith("command.") ? find(`action.${action.slice("command.".length)}`) : null;
  return find(`audit.actions.${action}`) ?? (command === null ? action : t("audit.command", { command }));
}

/** The answer to a request in words; `reason` is a stable code. */
const faultText = ({ reason }) => find(`audit.faults.${reason}`) ?? t("audit.faults.other");

/** A value of a change in words: roles by their names, nothing as a dash. */
function valueText(field, value) {
  if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) return "—";
  if (Array.isArray(value)) return value.map((each) => valueText(field, each)).join(t("account.and"));
  if (typeof value === "boolean") return t(value ? "audit.yes" : "audit.no");
  if (typeof value === "object") return JSON.stringify(value);
  return (field === "roles" && find(`people.role.${value}`)) || String(value);
}

/** `{field: [before, after], …}` as a sentence each. */
const changeText = (changed) =>
  Object.entries(changed).map(([field, [before, after]]) => `${find(`audit.fields.${field}`) ?? field}: ${valueText(field, before)} → ${valueText(field, after)}`);

/** One detail of an entry in words; a change gives several. */
function detailText(name, value) {
  if (name === "changed") return changeText(value);
  const said = typeof value === "object" ? JSON.stringify(value) : value === true ? t("audit.yes") : value;
  return [`${find(`audit.details.${name}`) ?? name}: ${said}`];
}

/** One entry: {number, at, actor_name, action, object_kind, object_id, outcome, details}. */
function entryItem(entry) {
  const object = entry.object_id ? [find(`audit.objects.${entry.object_kind}`) ?? entry.object_kind, entry.object_id].join(" ") : "";
  const empty = (value) => value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
  const said = Object.entries(entry.details ?? {}).filter(([, value]) => !empty(value)).flatMap(([name, value]) => detailText(name, value));
  return h(
    "li",
    { dataset: { number: entry.number } },
    h("time", { datetime: entry.at }, dateAndTime(entry.at)),
    h("span", {}, entry.actor_name || t("audit.nobody")),
    h("span", {}, `${actionText(entry.action)}　`, h("span", { class: "outcome" }, entry.outcome === "done" ? "" : (find(`audit.outcomes.${entry.outcome}`) ?? entry.outcome))),
    h("span", { class: "detail" }, [t("audit.number", { number: entry.number }), object, ...said].filter(Boolean).join("　")),
  );
}

/**
 * Draws what both pages of entries have: the list, what went wrong, and the way to more.
 * @param {object[]} entries
 * @param {number | null} before number below which the next page begins; null = there is none
 * @param {{reason?: string} | null} fault the answer that was no list
 */
export function showEntries(entries, before, fault) {
  const at = (id) => document.getElementById(id);
  setText(at("more"), t("audit.more"));
  setText(at("none"), t("audit.none"));
  setText(at("account"), t("account.title"));
  setText(at("language"), t("ui.language"));
  setText(at("fault"), fault ? faultText(fault) : "");
  show(at("fault"), fault !== null);
  show(at("none"), fault === null && entries.length === 0);
  show(at("more"), before !== null);
  at("entries").replaceChildren(...entries.map(entryItem));
}
