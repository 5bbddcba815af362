// Entries of the audit as items of a list, in words.

import { byId as at, h, setText, show } from "./dom.js";
import { clock, current, dateAndTime, find, t } from "../store/i18n.js";

/**
 * An entry of the audit; `words` says some details by language.
 * @typedef {object} Entry
 * @property {number} number
 * @property {string} at
 * @property {string | null} actor_id
 * @property {string} actor_name
 * @property {string} action
 * @property {string} object_kind
 * @property {string} object_id
 * @property {string} outcome
 * @property {Record<string, any>} details
 * @property {Record<string, any>} [words]
 */

/**
 * The action in words: `session.begin` by its own, `command.hold` by the button's; else as it is written.
 * @param {string} action
 */
export function actionText(action) {
  const command = action.startsWith("command.") ? find(`action.${action.slice("command.".length)}`) : null;
  return find(`audit.actions.${action}`) ?? (command === null ? action : t("audit.command", { command }));
}

/** @param {string} outcome */
const outcomeText = (outcome) => find(`audit.outcomes.${outcome}`) ?? outcome;

/**
 * The answer to a request in words; `reason` is a stable code.
 * @param {{reason?: string}} answer
 */
export const faultText = ({ reason }) => find(`audit.faults.${reason}`) ?? t("audit.faults.other");

/**
 * Groups of words of values that are codes, by the name of the detail.
 * @type {Record<string, string[]>}
 */
const CODES = { roles: ["people.role"], why: ["because"], reason: ["reason", "login"], by: ["audit.by"], columns: ["audit.fields"] };

/**
 * A value in words: roles by their names, nothing as a dash.
 * @param {string} name
 * @param {any} value
 * @returns {string}
 */
function valueText(name, value) {
  if (name === "person" && value === null) return t("people.nobody_known");
  if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) return "—";
  if (Array.isArray(value)) return value.map((each) => valueText(name, each)).join(t("account.and"));
  if (typeof value === "boolean") return t(value ? "audit.yes" : "audit.no");
  if (typeof value === "object") return Object.entries(value).map(([each, inner]) => `${labelText(each)} ${valueText(each, inner)}`).join(t("account.and"));
  if (name === "from_s") return clock(Number(value));
  if (name === "since" && !Number.isNaN(Date.parse(value))) return dateAndTime(value);
  for (const group of CODES[name] ?? []) {
    const said = find(`${group}.${value}`);
    if (said) return said;
  }
  return String(value);
}

/** @param {string} name */
const labelText = (name) => find(`audit.details.${name}`) ?? find(`audit.fields.${name}`) ?? name;

/**
 * `{field: [before, after], …}` as a sentence each; of something new only what it is.
 * @param {Entry} entry
 */
function changeText({ action, details, words }) {
  const isNew = action.endsWith(".add");
  return Object.entries(details.changed).map(([field, values]) => {
    const said = words?.[field]?.[current()]?.map((/** @type {string} */ each) => each || t("people.always")) ?? [values].flat().map((each) => valueText(field, each));
    return `${labelText(field)}: ${said.slice(isNew ? 1 : 0).join(" → ")}`;
  });
}

/**
 * The conditions of a list as somebody typed them, under the names that their fields have.
 * @param {Record<string, string>} asked
 */
function askedText(asked) {
  /** @type {Record<string, (value: string) => string | null>} */
  const said = {
    action: actionText, outcome: outcomeText, caller: () => t("history.given"),
    kind: (value) => find(`history.kinds.${value}`), reviewed: (value) => find(`history.reviewed_${value}`),
  };
  return Object.entries(asked).map(([name, value]) => `${find(`audit.${name}`) ?? find(`history.${name}`) ?? name}: ${said[name]?.(value) ?? value}`).join(t("account.and"));
}

/**
 * One detail of an entry in words; a change gives several.
 * @param {Entry} entry
 * @param {string} name
 * @returns {string[]}
 */
function detailTexts(entry, name) {
  const value = entry.details[name];
  if (name === "changed") return changeText(entry);
  if (name === "name" && entry.details.changed?.name) return []; // stands there with its change
  if (name === "operator_id") return []; // an id by which the operator finds the entry; the extension stands there
  const label = find(`audit.details.${entry.object_kind}_${name}`) ?? labelText(name);
  const said = entry.words?.[name]?.[current()] ?? (name === "asked" ? askedText(value) : valueText(name, value));
  return [`${label}: ${said}`];
}

/**
 * The object of an entry, with its id as the filter takes it.
 * @param {Entry} entry
 */
const objectText = ({ object_kind, object_id }) =>
  [find(`audit.objects.${object_kind}`) ?? object_kind, find(`audit.object_ids.${object_kind}.${object_id}`) ?? object_id].join(" ");

/** @param {Entry} entry */
function entryItem(entry) {
  const own = entry.object_kind === "person" && entry.object_id === entry.actor_id; // who did it stands there already
  const object = entry.object_id && !own ? objectText(entry) : "";
  /** @param {any} value */
  const empty = (value) => value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
  const said = Object.entries(entry.details ?? {}).filter(([, value]) => !empty(value)).flatMap(([name]) => detailTexts(entry, name));
  return h(
    "li",
    { dataset: { number: entry.number } },
    h("time", { datetime: entry.at }, dateAndTime(entry.at)),
    h("span", {}, entry.actor_name || t("audit.nobody")),
    h("span", {}, `${actionText(entry.action)}　`, h("span", { class: "outcome" }, entry.outcome === "done" ? "" : outcomeText(entry.outcome))),
    h("span", { class: "detail" }, [t("audit.number", { number: entry.number }), object, ...said].filter(Boolean).join("　")),
  );
}

/**
 * Draws what both pages of entries have: the list, what went wrong, and the way to more.
 * @param {Entry[]} entries
 * @param {number | null} before number below which the next page begins; null = there is none
 * @param {{reason?: string} | null} fault the answer that was no list
 */
export function showEntries(entries, before, fault) {
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
