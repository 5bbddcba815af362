// Alerts that the person at this browser has gone through.

import { read, write } from "./preferences.js";

const MOST = 500; // alerts that are remembered, the newest

/** @type {Set<string> | null} */
let known = null;

const all = () => (known ??= new Set((read("reviewed") ?? "").split("\n").filter(Boolean)));

/** @param {string} alertId */
export const isReviewed = (alertId) => all().has(alertId);

/**
 * @param {string} alertId
 * @param {boolean} done
 */
export function review(alertId, done) {
  if (done) all().add(alertId);
  else all().delete(alertId);
  known = new Set([...all()].slice(-MOST));
  write("reviewed", [...known].join("\n"));
}
