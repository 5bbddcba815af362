// The sentences that may be proposed, from the server's files, and which of them fits now.

import { latest } from "./latest.js";
import { rank } from "./rank.js";

/**
 * @typedef {import("./messages.d.ts").SupervisorAlert} Alert
 * @typedef {{say: string, severity: string, occasion: number}} Sentence
 * @typedef {{say: string, step: number, of: number}} Way
 */

/** @type {{apart_s: number, situations: Record<string, Sentence[]>} | null} */
let book = null;

const asked = latest(async (/** @type {string} */ language) => {
  const answer = await fetch(`/api/sentences/${language}`);
  return answer.ok ? answer.json() : null;
});

export const loaded = () => book !== null;

/**
 * Fetches the sentences of a language. A page that cannot keeps those it has.
 * @param {string} language
 */
export async function load(language) {
  try {
    book = (await asked(language)) ?? book;
  } catch {
    // asked again with the next connection
  }
}

/**
 * How often what the alert is about has happened: once when it was raised, and again with each piece of evidence that begins
 * long enough after the last time counted, so that one outburst is one occasion and the operator could answer in between.
 * @param {Pick<Alert, "raised_s" | "evidence">} alert
 */
function occasions(alert) {
  let [count, last] = [1, alert.raised_s];
  for (const start of alert.evidence.map((each) => each.start_s).filter((each) => Number.isFinite(each)).sort((a, b) => a - b)) {
    if (start - last < (book?.apart_s ?? 0)) continue;
    [count, last] = [count + 1, start];
  }
  return count;
}

/**
 * Ways to say it now, the proposed one first. `names`: the situation's names, the closest first; `alert`:
 * the alert that it comes from, or null. Of a situation's steps the last one that fits is proposed, in its first wording;
 * behind it come its other wordings, the gentler steps, and what fits more generally.
 * @param {string[]} names
 * @param {Pick<Alert, "raised_s" | "evidence" | "severity"> | null} alert
 * @returns {Way[]}
 */
export function proposals(names, alert) {
  const [most, count] = alert ? [rank(alert.severity), occasions(alert)] : [rank("critical"), 1];
  const found = names.flatMap((name) => {
    const steps = stepsOf(book?.situations[name] ?? []);
    return steps
      .map((sentences, index) => sentences.map((each) => ({ ...each, step: index + 1, of: steps.length })))
      .filter(([first]) => rank(first.severity) <= most && first.occasion <= count)
      .reverse().flat();
  });
  return found.filter((each, index) => found.findIndex((other) => other.say === each.say) === index).map(({ say, step, of }) => ({ say, step, of }));
}

/**
 * A situation's sentences by step: those that follow each other with one severity and one occasion say the same.
 * @param {Sentence[]} sentences
 */
function stepsOf(sentences) {
  /** @type {Sentence[][]} */
  const steps = [];
  for (const each of sentences) {
    const last = steps.at(-1)?.[0];
    if (last?.severity === each.severity && last?.occasion === each.occasion) steps.at(-1)?.push(each);
    else steps.push([each]);
  }
  return steps;
}
