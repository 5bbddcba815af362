// A recorded call as the server tells it, and what is worked out from it: moments of evidence, its course. No element.

/**
 * @typedef {[string, number, number, number]} Word word, begin and end in s, confidence 0 to 1
 * @typedef {{line_id: string, role: string, start_s: number, end_s: number, text: string, words: Word[], other: {text: string, engine: string} | null, spoken_by: {superior: {number?: string | null, name?: string | null}, certain: boolean} | null}} RecordedLine
 * @typedef {{media_s: number, state: string, severity: string, suggestion: string | null, closed_because: string | null, corrected?: [number, number][]}} LifeEntry
 * @typedef {{id: string, reason: string, person_id: string, name: string, at: string}} FalseMark
 *
 * @typedef {object} RecordedAlert
 * @property {string} alert_id
 * @property {string} rule
 * @property {string} kind
 * @property {string} severity the worst
 * @property {Record<string, string>} title
 * @property {number} opened_s
 * @property {number | null} closed_s
 * @property {string | null} closed_because
 * @property {any[]} evidence
 * @property {LifeEntry[]} life
 *
 * @typedef {{number: number, at: string, media_s: number, kind: string, body: Record<string, any>}} RecordedEvent
 *
 * @typedef {object} CallHead
 * @property {string} uid
 * @property {string} call_id
 * @property {string} started_at
 * @property {string} ended_at
 * @property {string} end_reason
 * @property {string | null} outcome how it ended where `end_reason` does not say it
 * @property {number} heard_s
 * @property {string | null} caller_number
 * @property {string | null} caller_name
 * @property {string | null} caller_key pseudonym of the caller, which stands in addresses
 * @property {string | null} operator_number
 * @property {string | null} operator_name
 * @property {string | null} person_name
 * @property {string | null} team
 * @property {string | null} queue
 * @property {string | null} worst
 * @property {number} sound_seconds
 * @property {number} sound_lost_s
 * @property {string | null} erased_at
 * @property {string | null} erased_by
 * @property {string | null} erasure_reason
 *
 * @typedef {object} RecordedCall
 * @property {CallHead} call
 * @property {string} sound whether it can be heard, else why not
 * @property {Record<string, string>} removed time by kind of data that was removed
 * @property {RecordedLine[]} lines in order of time
 * @property {RecordedAlert[]} alerts in order of time
 * @property {RecordedEvent[]} events
 * @property {{play: boolean, false_alarm: boolean}} may
 * @property {boolean} ask_reason
 */

/** @typedef {{at: number, severity: string, alert: RecordedAlert, evidence: any}} Hit */

const SAME_S = 0.05;
const FOUND_LATER = ["duration", "overlap", "silence"]; // begin long before the moment that they are about

/**
 * The moment that a piece of evidence is about.
 * @param {{kind: string, start_s: number, end_s: number}} evidence
 */
export const momentOf = (evidence) => (FOUND_LATER.includes(evidence.kind) ? evidence.end_s : evidence.start_s);

/**
 * Every piece of evidence of a call, in order of time.
 * @param {RecordedCall} recorded
 * @returns {Hit[]}
 */
export const hitsOf = (recorded) =>
  recorded.alerts.flatMap((alert) => alert.evidence.map((evidence) => ({ at: momentOf(evidence), severity: alert.severity, alert, evidence }))).sort((a, b) => a.at - b.at);

/**
 * The next or previous of some moments; null where there is none.
 * @param {{at: number}[]} moments in order of time
 * @param {number} now
 * @param {1 | -1} way
 * @param {number} [slack] how far before a moment playing begins: that moment counts as the present one
 * @returns {number | null}
 */
export function neighbour(moments, now, way, slack = 0) {
  const from = now + slack;
  const found = way > 0 ? moments.find(({ at }) => at > from + SAME_S) : moments.findLast(({ at }) => at < from - SAME_S - (slack ? 0.5 : 0));
  return found ? found.at : null;
}

/**
 * Index of the line that is spoken at a time, else of the last that began before; -1 before the first.
 * @param {{start_s: number, end_s: number}[]} lines in order of time
 * @param {number} now
 */
export function lineAt(lines, now) {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle].start_s <= now) low = middle + 1;
    else high = middle;
  }
  // The other side may have said a short word while this one goes on.
  for (let index = low - 1; index >= Math.max(0, low - 4); index -= 1) if (lines[index].end_s >= now) return index;
  return low - 1;
}

const NEAR_S = 20; // a line may begin so long before or after the words that were found in it
const LOUD_S = 3; // a raised voice so soon after the begin of a line is in it

/** @typedef {{matched: string, severity: string, title: Record<string, string>}} Found */

/**
 * What was found in each line: words for the line that fits best, and the severity of a raised voice.
 * @param {RecordedCall} recorded
 * @returns {{words: Found[], loud: string | null}[]} one for each line
 */
export function foundIn({ lines, alerts }) {
  /** @type {{words: Found[], loud: string | null}[]} */
  const found = lines.map(() => ({ words: [], loud: null }));
  for (const alert of alerts) {
    for (const each of alert.evidence) {
      const from = Math.max(0, lineAt(lines, each.start_s - NEAR_S));
      if (each.kind === "shouting") {
        for (let index = from; index < lines.length && lines[index].start_s <= each.end_s; index += 1) {
          if (lines[index].role !== "operator" && each.start_s < lines[index].start_s + LOUD_S && each.end_s > lines[index].start_s) found[index].loud ??= alert.severity;
        }
      }
      if (each.kind !== "words" && each.kind !== "tone") continue;
      const matched = each.kind === "words" ? each.matched : "";
      let best = -1;
      for (let index = from; index < lines.length && lines[index].start_s <= each.start_s + NEAR_S; index += 1) {
        const line = lines[index];
        if (line.role !== each.role || !((matched && line.text.includes(matched)) || line.text === each.text)) continue;
        if (best < 0 || Math.abs(line.start_s - each.start_s) < Math.abs(lines[best].start_s - each.start_s)) best = index;
      }
      if (best >= 0) found[best].words.push({ matched: lines[best].text.includes(matched) ? matched : "", severity: alert.severity, title: alert.title });
    }
  }
  return found;
}

/** @type {WeakMap<RecordedLine, {from: number, to: number, start_s: number, end_s: number}[]>} */
const placed = new WeakMap();

/**
 * Places of a line's words in its text; a word that is not found there has none.
 * @param {RecordedLine} line
 */
function wordsOf(line) {
  const known = placed.get(line);
  if (known) return known;
  const found = [];
  let done = 0;
  for (const [word, start_s, end_s] of line.words ?? []) {
    const from = line.text.indexOf(word, done);
    if (!word || from < 0) continue;
    done = from + word.length;
    found.push({ from, to: done, start_s, end_s });
  }
  placed.set(line, found);
  return found;
}

/**
 * The time at which a letter of a line is spoken: that of its word, else an even share of the line's.
 * @param {RecordedLine} line
 * @param {number} offset
 */
export function timeOfLetter(line, offset) {
  const word = wordsOf(line).findLast(({ from }) => from <= offset);
  if (word) return word.start_s;
  return line.start_s + ((line.end_s - line.start_s) * offset) / Math.max(1, line.text.length);
}

/**
 * The word that is spoken at a time; null between words.
 * @param {RecordedLine} line
 * @param {number} now
 */
export const wordAt = (line, now) => wordsOf(line).findLast(({ start_s, end_s }) => start_s <= now && now < end_s + 0.15) ?? null;

/**
 * @typedef {object} CourseEntry
 * @property {number} at s of the call
 * @property {"begin" | "end" | "alert" | "command" | "status" | "recording"} kind
 * @property {any} about
 */

/**
 * The course of a call, oldest first: each change of its alerts, commands, hold and transfer, what was recorded, its end.
 * @param {RecordedCall} recorded
 * @returns {CourseEntry[]}
 */
export function courseOf(recorded) {
  /** @type {CourseEntry[]} */
  const entries = [{ at: 0, kind: "begin", about: recorded.call }];
  for (const alert of recorded.alerts) {
    alert.life.forEach((life, index) => entries.push({ at: life.media_s, kind: "alert", about: { alert, life, before: alert.life[index - 1] ?? null } }));
  }
  let status = "talking";
  for (const event of recorded.events) {
    if (event.kind === "command") entries.push({ at: event.media_s, kind: "command", about: event });
    else if (event.kind === "recording") entries.push({ at: event.media_s, kind: "recording", about: event });
    else if (event.kind === "status") {
      // Also who speaks may have changed; here only where the customer is.
      if (event.body.status !== status && event.body.status !== "ended") entries.push({ at: event.media_s, kind: "status", about: event });
      status = event.body.status;
    }
  }
  entries.push({ at: recorded.call.heard_s, kind: "end", about: recorded.call });
  return entries.map((entry, index) => ({ entry, index })).sort((a, b) => a.entry.at - b.entry.at || a.index - b.index).map(({ entry }) => entry);
}

const BY_KEY = "held_by_key";

/**
 * What people did in the call, in order of the first time: presses that were carried out, and holds by the telephone's own key.
 * @param {RecordedCall} recorded
 * @returns {{action: string, n: number, by: string[]}[]} `by`: who, without those who are not known
 */
export function doneIn({ events }) {
  /** @type {Map<string, {action: string, n: number, by: string[]}>} */
  const found = new Map();
  for (const { kind, body } of events) {
    const byKey = kind === "status" && body.status === "on_hold" && body.held_by_key;
    const pressed = kind === "command" && body.result?.outcome === "done";
    if (!byKey && !pressed) continue;
    const action = byKey ? BY_KEY : String(body.command?.action ?? "");
    const done = found.get(action) ?? { action, n: 0, by: [] };
    const by = byKey ? "" : body.issued_by || body.command?.issued_by;
    if (by && !done.by.includes(by)) done.by.push(by);
    found.set(action, { ...done, n: done.n + 1 });
  }
  return [...found.values()];
}

/**
 * Stretches in which the customer was on hold or with a superior.
 * @param {RecordedCall} recorded
 * @returns {{status: string, from: number, to: number}[]} s of the call
 */
export function stretchesOf(recorded) {
  const moves = recorded.events.filter((event) => event.kind === "status");
  return moves
    .map((event, index) => ({ status: event.body.status, from: event.media_s, to: moves[index + 1]?.media_s ?? recorded.call.heard_s }))
    .filter(({ status, from, to }) => (status === "on_hold" || status === "transferred") && to > from);
}

/** @typedef {{channels: number, step_s: number, count: number, bytes: Uint8Array}} Peaks */

const HEAD = 12;

/**
 * Reads `peaks.bin` (docs/record.md); null where it is none.
 * @param {ArrayBuffer} data
 * @returns {Peaks | null}
 */
export function readPeaks(data) {
  if (data.byteLength < HEAD) return null;
  const head = new DataView(data);
  const magic = String.fromCharCode(...new Uint8Array(data, 0, 4));
  const [channels, ms, count] = [head.getUint8(4), head.getUint16(6, true), head.getUint32(8, true)];
  if (magic !== "KKP1" || data.byteLength !== HEAD + channels * count) return null;
  return { channels, step_s: ms / 1000, count, bytes: new Uint8Array(data, HEAD) };
}

/**
 * How much the softer side has to be raised to be as loud as the other; 1 for both where one of them is silent.
 * @param {Peaks} peaks
 * @returns {number[]} factor of each channel, 1 to 8
 */
export function raisedGains(peaks) {
  const loud = Array.from({ length: peaks.channels }, (_, channel) => {
    const counts = new Uint32Array(256);
    let heard = 0;
    for (let at = channel; at < peaks.bytes.length; at += peaks.channels) {
      const peak = peaks.bytes[at];
      if (peak < 2) continue; // silence
      counts[peak] += 1;
      heard += 1;
    }
    // What a tenth of the spoken time exceeds.
    let left = heard / 10;
    for (let peak = 255; peak > 0; peak -= 1) {
      left -= counts[peak];
      if (left <= 0 && heard) return peak;
    }
    return 0;
  });
  const most = Math.max(...loud);
  return loud.map((each) => (each > 0 ? Math.min(8, Math.max(1, most / each)) : 1));
}
