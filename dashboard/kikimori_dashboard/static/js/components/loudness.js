// How high a level is drawn.

const QUIETEST_DB = -60;
const LOUDEST_DB = -6;

/**
 * Height of a level in percent.
 * @param {number} db
 * @param {number} [least] share of the height that the quietest has
 */
export const loudness = (db, least = 0) => Math.round(100 * Math.min(1, Math.max(least, (db - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB))));
