// Alerts that were over before anybody saw them, with the button that says they were seen.

import { fill, h, setText, show } from "./dom.js";
import * as i18n from "../store/i18n.js";
import { look, shape } from "./severity.js";
import { send } from "../store/session.js";

const { t } = i18n;
const FAILED_FOR_MS = 5_000;

/** @typedef {import("../store/messages.d.ts").MissedAlertView} Missed */

/**
 * Draws the list, or hides it where nothing was missed.
 * @param {HTMLElement} section
 * @param {import("../store/messages.d.ts").MissedView} missed as the server tells it
 */
export function drawMissed(section, missed) {
  const { alerts, more, dropped } = missed;
  show(section, alerts.length > 0);
  fill(section, JSON.stringify([alerts.map((each) => [each.number, each.revision]), more, dropped, i18n.current()]), () => [
    h("h2", {}, t("missed.title", { n: alerts.length + more })),
    h("ol", {}, ...alerts.map(line)),
    more ? h("p", {}, t("missed.more", { n: more })) : null,
    dropped ? h("p", { class: "dropped" }, t("missed.dropped", { n: dropped })) : null,
    alerts.length ? button(alerts) : null,
  ]);
}

/** @param {Missed} alert */
function line(alert) {
  const title = i18n.title(alert.title);
  return h("li", {},
    h("time", { datetime: alert.raised_at }, i18n.dateAndTime(alert.raised_at)),
    h("span", { class: "shape", dataset: { severity: look(alert.severity) }, "aria-hidden": "true" }, shape(alert.severity)),
    h("span", {}, `${alert.operator.name ?? alert.operator.number ?? t("call.unknown_operator")}　${title}`),
    h("span", { class: "because" }, alert.closed_because ? i18n.word("closed", alert.closed_because) : ""));
}

/** @param {Missed[]} alerts */
function button(alerts) {
  const made = h("button", { type: "button", class: "secondary" }, t("missed.seen"));
  made.addEventListener("click", async () => {
    made.disabled = true;
    if ((await send("/api/missed/seen", { first: alerts[0].number, last: alerts.at(-1)?.number })).ok) return;
    setText(made, t("missed.failed"));
    setTimeout(() => { setText(made, t("missed.seen")); made.disabled = false; }, FAILED_FOR_MS);
  });
  return made;
}
