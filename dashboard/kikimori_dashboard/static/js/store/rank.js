// How much an alert weighs: a call for help before all others, then by its severity.

/** @type {Record<string, number>} */
const RANKS = { notice: 0, warning: 1, critical: 2 };

/**
 * The greater the worse; one that only newer agents know weighs as a warning.
 * @param {string} severity
 */
export const rank = (severity) => RANKS[severity] ?? RANKS.warning;

/**
 * Whether an alert is an operator's call for help.
 * @param {{rule_kind: string}} alert
 */
export const isHelp = (alert) => alert.rule_kind === "escalate";
