// How a severity looks: never by colour alone, every one has a shape and a word.

/** @type {Record<string, string>} */
const SHAPES = { critical: "◆", warning: "▲", notice: "●", calm: "○" };

/** The sign of what cannot be checked, as a call of which nothing arrives. */
export const UNKNOWN = "？";

/**
 * The severity whose colours and sign are used; one that only newer agents know looks like a warning.
 * @param {string | null} severity
 */
export const look = (severity) => (severity !== null && Object.hasOwn(SHAPES, severity) ? severity : "warning");

/**
 * The sign of a severity.
 * @param {string | null} severity
 */
export const shape = (severity) => SHAPES[look(severity)];
