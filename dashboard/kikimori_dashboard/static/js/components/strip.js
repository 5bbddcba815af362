// The strip at the top: the worst call and why, how many there are; or that nothing needs a decision; or that nobody knows.

import { look, shape, who } from "./card.js";
import { fill, h } from "./dom.js";
import * as i18n from "../store/i18n.js";

const { t } = i18n;

/** Whether what is shown is all there is: the feed, the broker and every agent are there. */
export function watched(picture) {
  const agents = Object.values(picture.agents);
  return picture.linked && picture.site.broker_connected && !picture.age.late() && agents.length > 0 && agents.every((agent) => agent.online && !agent.unconfirmed);
}

/** Calls that need a decision now, worst first. */
export const urgent = (picture, order) => order.map((each) => picture.calls[each.callId]).filter((call) => call?.urgency >= 2);

/** `order` as of `Board.wanted`; `select(callId)` shows a call. */
export function drawStrip(element, picture, order, select) {
  const calls = picture.known ? Object.values(picture.calls) : [];
  const found = picture.known ? urgent(picture, order) : [];
  const worst = found[0];
  const mood = worst ? look(worst.severity) : picture.known && watched(picture) ? "calm" : "unknown";
  const handled = calls.filter((call) => call.status === "transferred").length;
  const reasons = worst ? [...new Set([...(worst.returned ? [t("strip.returned")] : []), ...picture.alertsOf(worst.call_id).map((alert) => i18n.title(alert.title))])].join(" ・ ") : "";
  element.dataset.severity = mood;
  const key = JSON.stringify([mood, worst?.call_id, worst?.operator, reasons, found.map((call) => call.severity), calls.length, handled, i18n.current()]);
  fill(element, key, () => {
    const totals = calls.length ? h("span", { class: "totals" }, t("strip.calls", { n: calls.length }), handled ? ` ・ ${t("strip.handled", { n: handled })}` : null) : null;
    if (!worst) {
      const text = mood === "unknown" ? "strip.unknown" : calls.length ? "strip.calm" : "strip.no_calls";
      return [h("strong", { class: "headline" }, h("span", { class: "shape", "aria-hidden": "true" }, mood === "unknown" ? "？" : "✓"), t(text)), totals].filter(Boolean);
    }
    return [
      ...counts(found),
      h("strong", { class: "headline" }, `${who(worst)} `, h("span", {}, reasons)),
      h("button", { type: "button", class: "goto", onclick: () => select(worst.call_id) }, t("strip.show")),
      totals,
    ];
  });
}

const counts = (found) => ["critical", "warning"]
  .map((severity) => [severity, found.filter((call) => look(call.severity) === severity).length])
  .filter(([, n]) => n > 0)
  .map(([severity, n]) => h("span", { class: "count", dataset: { severity } },
    h("span", { class: "shape", "aria-hidden": "true" }, shape(severity)), h("span", { class: "word" }, `${t(`severity.${severity}`)} `), h("b", {}, String(n))));

let outside = null; // the number that the browser shows

/** What the browser shows of it beside the page: title, icon, badge. */
export function drawOutside(number) {
  document.title = `${number ? `(${number}) ${t("severity.warning")} – ` : ""}${t("app.name")}`;
  if (number === outside) return;
  outside = number;
  document.querySelector("link[rel=icon]").setAttribute("href", number ? "/static/icon-alert.svg" : "/static/icon.svg");
  (number ? navigator.setAppBadge?.(number) : navigator.clearAppBadge?.())?.catch(() => {});
}
