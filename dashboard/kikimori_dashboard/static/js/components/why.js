// Why an alert: the evidence in one line each, in plain words.

import { reasonText } from "../store/help_reasons.js";
import { answeredHint, answeredText, inCall } from "../store/answered.js";
import { clock, find, signed, span, t, title } from "../store/i18n.js";

const SHOWN_WORDS = 3;
const FIRST_ENGINE = "vosk"; // hears every call; only another one's hearing is worth a word
const KINDS = ["shouting", "words", "tone", "duration", "overlap", "silence", "button", "repeat_caller", "answered"];

/**
 * @typedef {import("../store/messages.d.ts").SupervisorAlert["evidence"][number]} Evidence
 * @typedef {import("../store/messages.d.ts").ShoutingEvidence} Shouting
 * @typedef {import("../store/messages.d.ts").WordsEvidence} Words
 * @typedef {import("../store/messages.d.ts").ToneEvidence} Tone
 * @typedef {import("../store/messages.d.ts").DurationEvidence} Duration
 * @typedef {import("../store/messages.d.ts").OverlapEvidence} Overlap
 * @typedef {import("../store/messages.d.ts").SilenceEvidence} Silence
 * @typedef {import("../store/messages.d.ts").ButtonEvidence} Press
 * @typedef {import("../store/messages.d.ts").RepeatCallerEvidence} Repeat
 * @typedef {import("../store/messages.d.ts").AnsweredEvidence} Answered
 * @typedef {{repeat_caller: Repeat, shouting: Shouting, words: Words, tone: Tone, duration: Duration, overlap: Overlap, silence: Silence, button: Press, answered: Answered}} ByKind
 *
 * @typedef {object} Line
 * @property {number} [start_s]
 * @property {string} at e.g. "03:12"
 * @property {string} text
 * @property {boolean} quote whether the text is the speaker's words
 * @property {boolean} [sentence] true = a sentence of its own, without a time before it
 * @property {string} [brief] where there is no room for all of it
 * @property {string} [hint] said of it to whoever points at it
 */

/**
 * Why an alert was raised, a line each.
 * @param {{evidence: Evidence[], raised_at?: string, raised_s?: number}} alert
 * @returns {Line[]}
 */
export function why(alert) {
  /** @type {<Kind extends keyof ByKind>(kind: Kind) => ByKind[Kind][]} */
  const of = (kind) => alert.evidence.flatMap((each) => (each.kind === kind ? [/** @type {ByKind[typeof kind]} */ (/** @type {unknown} */ (each))] : []));
  const answered = of("answered").slice(-SHOWN_WORDS).map((each) => inCall(alert, each)).map((each) => ({ at: "", text: answeredText(each), hint: answeredHint(each), quote: false, sentence: true }));
  return [...answered, ...shouting(of("shouting")), ...words(of("words")), ...of("tone").slice(-SHOWN_WORDS).map(tone), ...of("duration").slice(-1).flatMap(duration), ...of("overlap").slice(-1).map(overlap), ...of("silence").slice(-1).map(silence), ...of("repeat_caller").slice(-1).map(repeat), ...presses(of("button")).map(button), ...alert.evidence.filter((each) => !KINDS.includes(each.kind)).slice(-SHOWN_WORDS).map(other)];
}

/** @type {(found: Shouting[]) => Line[]} */
function shouting(found) {
  if (!found.length) return [];
  const seconds = found.reduce((sum, each) => sum + each.speech_s, 0);
  const loudest = found.reduce((a, b) => ((b.over_calm_db ?? -99) > (a.over_calm_db ?? -99) ? b : a));
  const lasted = t("why.shouting", { seconds: Math.max(1, Math.round(seconds)) });
  // How loud against this voice's own calm comes first: a line may be cut at its end.
  const parts = loudest.over_calm_db == null ? [lasted, t("why.calm_unknown")] : [t("why.over_calm", { db: signed(loudest.over_calm_db) }), lasted];
  if (loudest.tilt_over_calm_db != null) parts.push(tilt(loudest.tilt_over_calm_db));
  if (loudest.pitch_over_calm_percent !== null && loudest.pitch_over_calm_percent >= 5) parts.push(t("why.pitch", { percent: signed(loudest.pitch_over_calm_percent) }));
  return [{ start_s: found[0].start_s, at: clock(found[0].start_s), text: parts.join(" ・ "), quote: false }];
}

// Spectral tilt against the same speaker's calm voice: raised voices gain 3 dB and more above 1 kHz.
/** @type {(db: number) => string} */
const tilt = (db) => t(db >= 6 ? "why.tilt_strong" : db >= 3 ? "why.tilt_some" : "why.tilt_flat");

/** @type {(found: Words[]) => Line[]} */
function words(found) {
  /** @type {Line[]} */
  const lines = found.slice(-SHOWN_WORDS).map((each) => ({
    start_s: each.start_s,
    at: clock(each.start_s),
    text: t("why.words", { words: each.matched || each.text }) + (each.engine && each.engine !== FIRST_ENGINE ? t("why.heard_by", { engine: each.engine }) : ""),
    quote: true,
  }));
  const more = found.length - lines.length;
  if (more > 0) lines.push({ at: "", text: t("why.more", { n: more }), quote: false });
  return lines;
}

/** @type {(each: Tone) => Line} */
function tone(each) {
  const values = { category: find(`category.${each.category}`) ?? each.category, words: each.text, weighed: each.words.join("・") };
  return { start_s: each.start_s, at: clock(each.start_s), text: t("why.tone", values), brief: t("why.tone_brief", values), quote: true };
}

/** @type {(each: Duration) => Line[]} */
function duration(each) {
  /** @type {Line[]} */
  const lines = [{
    at: clock(each.end_s),
    text: said(`duration_${each.since}`, each, { elapsed: span(each.elapsed_s), threshold: span(each.threshold_s) }),
    quote: false,
  }];
  if (each.quote) lines.push({ start_s: each.start_s, at: clock(each.start_s), text: t("why.refusal_quote", { quote: each.quote }), quote: true });
  return lines;
}

/**
 * The last press; where a later one says nothing, the last that said something.
 * @type {(found: Press[]) => Press[]}
 */
const presses = (found) => [found.findLast((each) => each.reason || each.comment) ?? found.at(-1)].flatMap((each) => each ?? []);

/**
 * A press: what the operator said of it, else how it was made.
 * @type {(each: Press) => Line}
 */
function button(each) {
  const told = [each.reason ? reasonText(each.reason) : null, each.comment ? t("why.words", { words: each.comment }) : null].filter(Boolean).join("　");
  return { at: clock(each.start_s), text: told || said(`button_${each.source}`, each), quote: false };
}

/** @type {(each: Overlap) => Line} */
const overlap = (each) => ({ at: clock(each.end_s), text: t("why.overlap", { seconds: Math.round(each.overlap_s) }), quote: false });

/** @type {(each: Silence) => Line} */
const silence = (each) => ({ at: clock(each.start_s), text: said(`silence_${each.who}`, each, { elapsed: span(each.silent_s) }), quote: false });

/** @type {(each: Repeat) => Line} */
const repeat = (each) => ({ at: clock(0), text: t("why.repeat_caller", { ...each }), quote: false });

/** @type {(each: Evidence) => Line} */
const other = (each) => ({ at: clock(each.start_s), text: said(each.kind, each), quote: false });

/**
 * The text of a key; of what only newer agents know the line that they send along, else that there is something.
 * @type {(key: string, each: {kind: string, summary?: Record<string, string>}, values?: Record<string, unknown>) => string}
 */
const said = (key, each, values) => find(`why.${key}`, values) ?? (title(each.summary ?? {}) || t("why.other", { kind: each.kind }));

/**
 * @param {{evidence: Evidence[]}} alert
 * @param {boolean} whole with its quotes, where they are not shown beside; its sentences stand on lines of their own there
 * @returns {string} in one line why it was raised
 */
export function reason(alert, whole = false) {
  const lines = why(alert);
  const facts = lines.filter((line) => (whole || !line.quote) && (line.at || (!whole && line.sentence))).map((line) => [line.at, line.text].filter(Boolean).join(" "));
  const quotes = alert.evidence.filter((each) => each.kind === "words" || each.kind === "tone").length;
  // A sentence counts by itself, and over the whole call: a second number beside it would seem to contradict it.
  const counted = quotes > 1 && !lines.some((line) => line.sentence);
  return [...facts, counted ? t("card.times", { n: quotes }) : ""].filter(Boolean).join(" ・ ");
}

/**
 * @param {{evidence: Evidence[]}} alert
 * @returns {Line[]} reasons that are sentences of their own
 */
export const sentences = (alert) => why(alert).filter((line) => line.sentence);

/** @type {(life: {corrected?: [number, number][]}) => string[]} */
export const corrections = (life) => (life.corrected ?? []).map(([before, n]) => t("why.answered_corrected", { before, n }));

/**
 * @param {{evidence: Evidence[]}} alert
 * @returns {string} what its newest count was before it was corrected; "" where none was
 */
export function correction(alert) {
  const [newest] = alert.evidence.flatMap((each) => (each.kind === "answered" ? [/** @type {Answered} */ (each)] : [])).slice(-1);
  return newest?.count_before ? t("why.answered_corrected", { before: newest.count_before, n: newest.count }) : "";
}

/**
 * @param {{evidence: Evidence[]}} alert
 * @returns {string} for whoever points at its reason: all of it, and the hints of its sentences
 */
export const reasonHint = (alert) => [reason(alert), ...sentences(alert).flatMap((line) => line.hint || [])].join("\n");

/**
 * @param {{evidence: Evidence[]}[]} alerts
 * @param {number} most
 * @returns {Line[]} the newest quotes, the oldest of them first
 */
export function newestQuotes(alerts, most) {
  const quotes = new Map(alerts.flatMap(why).filter((line) => line.quote).map((line) => [`${line.at} ${line.text}`, line]));
  return [...quotes.values()].sort((a, b) => (a.start_s ?? 0) - (b.start_s ?? 0)).slice(-most);
}
