// The evidence of a call's alerts, as it is marked in the call's words.

const NEAR_S = 20; // a line may begin so long before or after the words that were found in it

/**
 * @typedef {object} FoundWords
 * @property {string} matched the words; "" = the whole line
 * @property {string} severity
 * @property {string} title of the alert
 */

/**
 * @param {any[]} alerts of the call, worst first
 * @param {any} line
 * @param {(titles: any) => string} titled words a title
 * @returns {{words: FoundWords[], loud: string | null}} what was found in the line; `loud`: severity of a raised voice in it
 */
export function evidenceIn(alerts, line, titled) {
  /** @type {FoundWords[]} */
  const words = [];
  let loud = null;
  for (const alert of alerts) {
    for (const each of alert.evidence ?? []) {
      if (each.kind === "shouting" && line.role !== "operator" && overlaps(each, line)) loud ??= alert.severity;
      if ((each.kind !== "words" && each.kind !== "tone") || each.role !== line.role || Math.abs(each.start_s - line.start_s) > NEAR_S) continue;
      const matched = each.kind === "words" ? each.matched : "";
      const said = matched !== "" && line.text.includes(matched);
      if (said || each.text === line.text) words.push({ matched: said ? matched : "", severity: alert.severity, title: titled(alert.title) });
    }
  }
  return { words, loud };
}

/**
 * @param {any} each
 * @param {any} line
 */
const overlaps = (each, line) => each.start_s < line.start_s + 3 && each.end_s > line.start_s;
