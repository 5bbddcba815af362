// Entries of the audit as items of a list, in words.

import { h } from "./dom.js";
import { dateAndTime, find, t } from "./i18n.js";

/** The action in words: `session.begin` by its own, `command.hold` by the button's; else as it is written. */
export function actionText(action) {
  const command = action.startsWith("command.") ? find(`action.${action.slice("command.".length)}`) : null;
  return find(`audit.actions.${action}`) ?? (command === null ? action : t("audit.command", { command }));
}

/** The answer to a request in words; `reason` is a stable code. */
export const faultText = ({ reason }) => find(`audit.faults.${reason}`) ?? t("audit.faults.other");

/** One entry: {number, at, actor_name, action, object_kind, object_id, outcome, details}. */
export function entryItem(entry) {
  const object = entry.object_id ? [find(`audit.objects.${entry.object_kind}`) ?? entry.object_kind, entry.object_id].join(" ") : "";
  const details = Object.entries(entry.details ?? {}).filter(([, value]) => value !== null && value !== "");
  const said = details.map(([name, value]) => `${find(`audit.details.${name}`) ?? name}: ${typeof value === "object" ? JSON.stringify(value) : value}`);
  return h(
    "li",
    { dataset: { number: entry.number } },
    h("time", { datetime: entry.at }, dateAndTime(entry.at)),
    h("span", {}, entry.actor_name || t("audit.nobody")),
    h("span", {}, `${actionText(entry.action)}　`, h("span", { class: "outcome" }, entry.outcome === "done" ? "" : (find(`audit.outcomes.${entry.outcome}`) ?? entry.outcome))),
    h("span", { class: "detail" }, [t("audit.number", { number: entry.number }), object, ...said].filter(Boolean).join("　")),
  );
}

/** Asks for a page of entries; resolves to {ok, status, …answer}, and never rejects. */
export async function ask(path) {
  try {
    const answer = await fetch(path, { cache: "no-store" });
    return { ok: answer.ok, status: answer.status, ...(await answer.json()) };
  } catch {
    return { ok: false, status: 0, reason: "network" };
  }
}
