// The sentences that may be proposed, from the server's files, and which of them fits now.

const RANK = { notice: 0, warning: 1, critical: 2 };

let book = null;

export const loaded = () => book !== null;

/** Fetches the sentences of a language. A page that cannot keeps those it has. */
export async function load(language) {
  try {
    const answer = await fetch(`/api/sentences/${language}`);
    if (answer.ok) book = await answer.json();
  } catch {
    // asked again with the next connection
  }
}

/**
 * How often what the alert is about has happened: once when it was raised, and again with each piece of evidence that begins
 * long enough after the last time counted, so that one outburst is one occasion and the operator could answer in between.
 */
export function occasions(alert) {
  let [count, last] = [1, alert.raised_s];
  for (const start of alert.evidence.map((each) => each.start_s).filter(Number.isFinite).sort((a, b) => a - b)) {
    if (start - last < book.apart_s) continue;
    [count, last] = [count + 1, start];
  }
  return count;
}

/**
 * The sentence for a situation: {say, step, of}; null where there is none. `names`: the situation's names, the closest
 * first; `alert`: the alert that it comes from, or null. Of a situation's sentences the last one that fits is taken.
 */
export function proposed(names, alert) {
  const sentences = names.map((name) => book?.situations[name]).find(Boolean);
  if (!sentences) return null;
  const [rank, count] = alert ? [RANK[alert.severity] ?? RANK.warning, occasions(alert)] : [RANK.critical, 1];
  const at = sentences.findLastIndex((each) => RANK[each.severity] <= rank && each.occasion <= count);
  return at < 0 ? null : { say: sentences[at].say, step: at + 1, of: sentences.length };
}
