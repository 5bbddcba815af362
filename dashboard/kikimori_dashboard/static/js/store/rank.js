// How much a severity weighs.

/** @type {Record<string, number>} */
const RANKS = { notice: 0, warning: 1, critical: 2 };

/**
 * The greater the worse; one that only newer agents know weighs as a warning.
 * @param {string} severity
 */
export const rank = (severity) => RANKS[severity] ?? RANKS.warning;
