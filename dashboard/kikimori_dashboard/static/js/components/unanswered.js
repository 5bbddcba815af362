// Alerts that nobody answers: words for how far it is; the page rings again and again, louder, and its title says so.

import * as chime from "./chime.js";
import { clock, find, t } from "../store/i18n.js";

const RING_EVERY_MS = 5000;
const LOUD = 3; // times as loud as the chime of a new alert

/** @type {string[]} */
let teams = [];
let rungAt = -Infinity;
let before = ""; // what stands before the page's title

/** @param {string[]} own teams of whoever has the page */
export function start(own) {
  teams = own;
}

/**
 * Whether this page rings as soon as an alert comes. Pages of the call's own team ring first, where one is open.
 * @param {any} alert
 * @returns {boolean}
 */
export const ringsFirst = (alert) => !alert.unanswered?.team || teams.includes(alert.unanswered.team);

/**
 * How far it is with a call that nobody answers, such as 「木村さんに電話で知らせました」; "" while no step has come.
 * @param {any[]} alerts
 * @returns {string}
 */
export function progress(alerts) {
  /** @type {{louder: boolean, alarm: string | null, heard_by: string | null}[]} */
  const marks = alerts.map((alert) => alert.unanswered).filter(Boolean);
  const alarm = marks.find((mark) => mark.alarm && mark.alarm !== "not_supported");
  if (alarm?.alarm === "heard") return t("unanswered.heard", { name: alarm.heard_by ?? "" });
  if (alarm) return find(`unanswered.${alarm.alarm}`) ?? t("unanswered.not_rung");
  return marks.some((mark) => mark.louder) ? t("unanswered.louder") : "";
}

/**
 * Rings, and says it in the title, while an alert waits for longer than the first step.
 * @param {any[]} alerts all open ones
 * @param {number} now milliseconds, by the server's clock
 */
export function tick(alerts, now) {
  const since = alerts.filter((alert) => alert.unanswered?.louder).map((alert) => Date.parse(alert.unanswered.since));
  title(since.length ? `${t("unanswered.title", { time: clock(Math.max(0, now - Math.min(...since)) / 1000) })} – ` : "");
  if (!since.length || performance.now() - rungAt < RING_EVERY_MS) return;
  rungAt = performance.now();
  chime.play("critical", LOUD);
}

/** @param {string} text */
function title(text) {
  const shown = before && document.title.startsWith(before) ? document.title.slice(before.length) : document.title;
  before = text;
  if (document.title !== text + shown) document.title = text + shown;
}
