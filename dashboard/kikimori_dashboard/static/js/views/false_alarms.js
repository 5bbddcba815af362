// Alerts that people marked as false, by rule: which rule an office may want to change.

import { byId as at, fill, h, setText, show } from "../components/dom.js";
import { faultText } from "../components/entries.js";
import { drawPagesMenu } from "../components/pages_menu.js";
import * as i18n from "../store/i18n.js";
import { latest } from "../store/latest.js";
import { applyTheme } from "../store/preferences.js";
import { load, me, toLogin } from "../store/session.js";

const { t } = i18n;
const loadLatest = latest(load);
const DAYS = [7, 30, 90, 365];

/** @typedef {{alert_id: string, uid: string | null, opened_s: number | null, started_at: string | null, reason: string, name: string, at: string}} Mark */
/** @typedef {{rule: string, title: Record<string, string>, alerts: number, false: number, reasons: Record<string, number>, marks: Mark[]}} Rule */

/** @type {{days: number, rules: Rule[], reasons: Record<string, Record<string, string>>} | null} */
let list = null;
/** @type {import("../store/session.js").Answer | null} */
let fault = null;

const select = at("days", HTMLSelectElement);
applyTheme();
await i18n.start();
me().then(drawPagesMenu, () => {}); // the page works without it
select.append(...DAYS.map((each) => h("option", { value: each, selected: each === 30 })));
select.addEventListener("change", read);
at("language").addEventListener("click", async () => { await i18n.toggle(); draw(); });
draw();
await read();

async function read() {
  const answer = await loadLatest(`/api/false-alarms?days=${select.value}`);
  if (answer === null) return undefined;
  if (answer.status === 401) return toLogin();
  fault = answer.ok ? null : answer;
  if (answer.ok) list = /** @type {any} */ (answer);
  return draw();
}

function draw() {
  drawPagesMenu();
  document.title = `${t("false_alarms.title")} – ${t("app.name")}`;
  setText(at("title"), t("false_alarms.title"));
  setText(at("what"), t("false_alarms.what"));
  setText(at("days-label"), t("false_alarms.days"));
  for (const each of select.options) setText(each, t("false_alarms.days_n", { n: each.value }));
  setText(at("account"), t("account.title"));
  setText(at("language"), t("ui.language"));
  show(at("fault"), fault !== null);
  if (fault) setText(at("fault"), faultText(fault));
  show(at("none"), list !== null && list.rules.length === 0);
  setText(at("none"), t("false_alarms.none"));
  fill(at("rules"), JSON.stringify([list, i18n.current()]), () => (list?.rules ?? []).map(ruleItem));
}

/** @param {string} reason */
function reasonText(reason) {
  return list?.reasons[reason]?.[i18n.current()] ?? reason;
}

/** @param {Rule} rule */
function ruleItem(rule) {
  const share = rule.alerts ? t("false_alarms.share", { n: rule.false, all: rule.alerts, percent: Math.min(100, Math.round((100 * rule.false) / rule.alerts)) }) : t("false_alarms.count", { n: rule.false });
  return h("li", { class: "panel", dataset: { rule: rule.rule } },
    h("h2", {}, i18n.title(rule.title), " ", h("small", {}, rule.rule)),
    h("p", { class: "share" }, share),
    h("p", {}, Object.entries(rule.reasons).map(([reason, n]) => t("false_alarms.reason_n", { reason: reasonText(reason), n })).join(" ・ ")),
    h("details", {}, h("summary", {}, t("false_alarms.calls")), h("ul", { class: "marks" }, ...rule.marks.map(markItem))));
}

/** @param {Mark} mark */
function markItem(mark) {
  const said = t("false_alarms.mark", { reason: reasonText(mark.reason), name: mark.name, time: i18n.dateAndTime(mark.at) });
  if (mark.uid === null || mark.started_at === null) return h("li", {}, `${t("false_alarms.no_call")} ${said}`);
  const place = t("false_alarms.call", { time: i18n.dateAndTime(mark.started_at), at: i18n.clock(mark.opened_s ?? 0) });
  return h("li", {}, h("a", { href: `/history/${encodeURIComponent(mark.uid)}?alert=${encodeURIComponent(mark.alert_id)}` }, place), ` ${said}`);
}
