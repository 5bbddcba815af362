// Places of the calls that need a decision: a call keeps its place while it has an alert, and nothing else moves.

/**
 * @typedef {object} SlotCall
 * @property {string} callId
 * @property {string} order sorts ascending: needs a decision most
 * @property {boolean} wants whether it needs a decision, and so a place
 * @property {boolean} keeps whether it keeps a place that it has
 * @property {boolean} help whether its operator asks for help
 */

/** The slots of the page, and the calls that wait for one. */
export class Slots {
  /** @param {number} capacity number of slots */
  constructor(capacity) {
    /** @type {(string | null)[]} the call of each slot */
    this.places = Array(capacity).fill(null);
    /** @type {string[]} calls that want a slot and have none, the most urgent first */
    this.waiting = [];
  }

  /**
   * Changes the number of slots; calls of slots that go away want a new one at the next update.
   * @param {number} capacity
   */
  resize(capacity) {
    this.places = Array.from({ length: capacity }, (_, at) => this.places[at] ?? null);
  }

  /**
   * Gives slots to the calls: a free one to whoever needs a decision most. Only a request for help takes an occupied slot,
   * the least urgent one that no hand is on and that holds no other request for help.
   * @param {SlotCall[]} calls
   * @param {(callId: string) => boolean} held whether a hand is on a call's card
   * @returns {boolean} whether any slot has another call now
   */
  update(calls, held) {
    const known = new Map(calls.map((call) => [call.callId, call]));
    const before = this.places.join("\n");
    this.places = this.places.map((callId) => (callId === null || known.get(callId)?.keeps || held(callId) ? callId : null));
    const placed = new Set(this.places);
    const waiting = calls.filter((call) => call.wants && !placed.has(call.callId)).sort(mostUrgent);
    while (waiting.length && this.place(waiting[0], known, held)) {
      const next = waiting.shift();
      if (next?.help) waiting.push(...this.displaced(known, waiting));
      waiting.sort(mostUrgent);
    }
    this.waiting = waiting.map((call) => call.callId);
    return this.places.join("\n") !== before;
  }

  /**
   * Closes the rows without a call; those below move up.
   * @param {number} columns slots in a row
   * @param {boolean} may false: only looks
   * @returns {boolean} whether there is such a row above a call
   */
  closeRows(columns, may) {
    const used = this.places.filter((_, at) => {
      const row = at - (at % columns);
      return this.places.slice(row, row + columns).some((callId) => callId !== null);
    });
    const found = used.some((callId, at) => callId !== this.places[at]);
    if (found && may) this.places = [...used, ...Array(this.places.length - used.length).fill(null)];
    return found;
  }

  /**
   * @param {SlotCall} call
   * @param {Map<string, SlotCall>} known
   * @param {(callId: string) => boolean} held
   * @returns {boolean} whether it has a slot now
   */
  place(call, known, held) {
    let at = this.places.indexOf(null);
    if (at < 0 && call.help) at = this.leastUrgent(known, held);
    if (at < 0) return false;
    this.places[at] = call.callId;
    return true;
  }

  /**
   * @param {Map<string, SlotCall>} known
   * @param {(callId: string) => boolean} held
   * @returns {number} the slot that a request for help may take; -1 for none
   */
  leastUrgent(known, held) {
    const free = this.places
      .flatMap((callId) => known.get(callId ?? "") ?? [])
      .filter((call) => !call.help && !held(call.callId))
      .sort(mostUrgent);
    return this.places.indexOf(free.at(-1)?.callId ?? "");
  }

  /**
   * @param {Map<string, SlotCall>} known
   * @param {SlotCall[]} waiting
   * @returns {SlotCall[]} calls that want a slot, have none, and are not among `waiting`
   */
  displaced(known, waiting) {
    return [...known.values()].filter((call) => call.wants && !this.places.includes(call.callId) && !waiting.includes(call));
  }
}

/**
 * @param {SlotCall} a
 * @param {SlotCall} b
 */
const mostUrgent = (a, b) => Number(b.help) - Number(a.help) || (a.order < b.order ? -1 : Number(a.order > b.order));
