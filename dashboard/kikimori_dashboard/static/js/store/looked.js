// What this page draws, as the dashboard knows it, and what comes for it: words, levels, levels of the last minute.

const SAY_EVERY_MS = 100;
const KEPT_STEPS = 120; // of the last minute
/** @type {(a: Line, b: Line) => number} */
const inTime = (a, b) => a.start_s - b.start_s || (a.id < b.id ? -1 : 1);

/** @typedef {import("./messages.d.ts").LineView} Line */

/**
 * Levels of a voice as pages draw them.
 * @typedef {{level_db: number | null, speaking: boolean, over_calm_db: number | null, effort: number, noise: boolean}} Leg
 */

/**
 * Levels of the last minute in equal steps; null where nobody spoke. `end_s` is the end of the last step, in seconds of the call.
 * @typedef {{step_s: number, end_s: number, legs: Record<string, {db: (number | null)[], effort: (number | null)[]}>}} Past
 */

/** @typedef {[number | null, number | null, number] | [number | null, number | null, number, 1]} ToldLeg dB, dB over the calm voice, effort in percent, noise */
/** @typedef {import("./messages.d.ts").CallVoices} ToldLevels legs by role, a number is dB and nothing else, silent ones are left out; `s`: seconds of the call */

/**
 * Levels of one call from the message: `{s, role: dB | [dB, over calm, effort, noise]}`.
 * @param {ToldLevels} told
 * @returns {Record<string, Leg>}
 */
export const readLevels = (told) => Object.fromEntries(legsOf(told).map(([role, leg]) => [role, readLeg(leg)]));

/** @type {(told: ToldLevels) => [string, ToldLeg][]} */
const legsOf = (told) => Object.entries(told).flatMap(([role, leg]) => (role === "s" || !leg ? [] : [[role, typeof leg === "number" ? [leg, null, 0] : leg]]));

/** @type {(leg: ToldLeg) => Leg} */
function readLeg([level, over, effort, noise]) {
  return { level_db: level, speaking: level !== null, over_calm_db: over, effort: effort / 100, noise: Boolean(noise) };
}

export class Looked {
  /** @param {(text: string) => boolean} send sends a message; false while the page is not connected */
  constructor(send) {
    this.send = send;
    /** @type {string[]} */
    this.cards = [];
    /** @type {string[]} */
    this.rows = [];
    /** @type {string | null} */
    this.whole = null;
    /** @type {string | null} the call whose words come */
    this.toldOf = null;
    this.said = ""; // the message that the dashboard has
    this.saidAt = -Infinity;
    /** @type {ReturnType<typeof setTimeout> | null} */
    this.timer = null;
    this.clear();
  }

  /** Forgets what came: a snapshot follows, with everything again. */
  clear() {
    /** @type {Map<string, Line>} lines of the whole call by id */
    this.lines = new Map();
    /** @type {Line[] | null} the same in time order; null = to be sorted again */
    this.sorted = [];
    /** @type {Map<string, Past>} */
    this.past = new Map();
  }

  /**
   * Takes what is drawn from now on.
   * @param {{cards?: string[], rows?: string[], whole?: string | null}} drawn
   */
  look({ cards = [], rows = [], whole = null }) {
    Object.assign(this, { cards, rows, whole });
    this.say();
  }

  /** Says what is drawn, unless that is known; not more often than the dashboard wants it. */
  say() {
    if (this.timer !== null) return;
    const wait = this.saidAt + SAY_EVERY_MS - performance.now();
    if (wait > 0) {
      this.timer = setTimeout(() => {
        this.timer = null;
        this.say();
      }, wait);
      return;
    }
    const text = JSON.stringify({ type: "look", cards: this.cards, rows: this.rows, whole: this.whole });
    if (text === this.said || !this.send(text)) return;
    this.said = text;
    this.saidAt = performance.now();
    this.forgetOthers();
  }

  /** Forgets what the dashboard takes for forgotten: it sends it anew when it is drawn again. */
  forgetOthers() {
    for (const callId of this.past.keys()) if (callId !== this.whole && !this.cards.includes(callId)) this.past.delete(callId);
    if (this.whole === this.toldOf) return;
    this.toldOf = this.whole;
    this.lines = new Map();
    this.sorted = [];
  }

  /** Says it on a new connection. */
  sayAgain() {
    this.said = "";
    this.saidAt = -Infinity;
    this.say();
  }

  /**
   * Takes lines that changed, and ids of those that are gone; `all`: there are no others.
   * @param {string} callId
   * @param {{changed: Line[], gone: string[], all?: boolean}} told
   * @returns {boolean} false for a call that is not shown whole
   */
  takeLines(callId, { changed, gone, all }) {
    if (callId !== this.toldOf) return false;
    if (all) this.lines = new Map();
    for (const id of gone) this.lines.delete(id);
    for (const line of changed) this.lines.set(line.id, line);
    this.sorted = null;
    return true;
  }

  /**
   * Lines of the whole call in time order.
   * @param {string} callId
   * @returns {Line[]}
   */
  linesOf(callId) {
    if (callId !== this.toldOf) return [];
    this.sorted ??= [...this.lines.values()].sort(inTime);
    return this.sorted;
  }

  /**
   * Appends a report of levels to the last minute: each step has its last report.
   * @param {string} callId
   * @param {ToldLevels} told
   */
  append(callId, told) {
    const past = this.past.get(callId);
    if (!past || typeof told.s !== "number") return;
    const end = (Math.floor(told.s / past.step_s) + 1) * past.step_s;
    const steps = Math.round((end - past.end_s) / past.step_s);
    if (steps < 0) return; // the agent was restarted, and counts anew
    const legs = Object.fromEntries(legsOf(told));
    for (const role of Object.keys(legs)) past.legs[role] ??= silent(Object.values(past.legs)[0]?.db.length ?? 1);
    for (const [role, leg] of Object.entries(past.legs)) {
      for (let step = 0; step < Math.min(steps, KEPT_STEPS); step += 1) {
        leg.db.push(null);
        leg.effort.push(null);
      }
      leg.db.splice(0, leg.db.length - KEPT_STEPS);
      leg.effort.splice(0, leg.effort.length - KEPT_STEPS);
      const [level, , effort] = legs[role] ?? [null, null, 0];
      leg.db[leg.db.length - 1] = level;
      leg.effort[leg.effort.length - 1] = level === null ? null : effort;
    }
    past.end_s = end;
  }
}

/** @type {(steps: number) => {db: (number | null)[], effort: (number | null)[]}} */
const silent = (steps) => ({ db: Array(steps).fill(null), effort: Array(steps).fill(null) });
