// Since when a call needs a decision, and whether somebody has taken it on.

import { clock, t } from "../store/i18n.js";
import { isOwn } from "./marks.js";
import { isHelp } from "../store/rank.js";
import { progress } from "./unanswered.js";

/**
 * @param {any[]} alerts open alerts of a call, the worst first
 * @param {string} status of the call
 * @returns {string} such as 「未対応」; "" where a superior has the call, as its status says
 */
export function handling(alerts, status) {
  const claim = alerts.find((alert) => alert.claim)?.claim;
  if (claim) return isOwn(claim) ? t("mark.claimed_own") : t("mark.claimed", { name: claim.name });
  if (status === "transferred") return "";
  const waiting = progress(alerts);
  if (waiting) return waiting;
  return t(alerts.some(isHelp) ? "card.asks_for_help" : "card.unclaimed");
}

/**
 * @param {any[]} alerts
 * @param {number} now milliseconds, by the server's clock
 * @returns {string} such as 「1:20」; "" without an alert
 */
export function age(alerts, now) {
  if (!alerts.length) return "";
  return clock((now - Date.parse(alerts[0].raised_at)) / 1000).replace(/^0(?=\d:)/, "");
}
