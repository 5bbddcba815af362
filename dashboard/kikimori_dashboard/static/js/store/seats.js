// The seating plan: team, queue and seat of each extension, as the directory has them.

import { load } from "./session.js";

const AGAIN_MS = 300_000;

/** @typedef {{extension: string, name: string | null, team: string | null, queue: string | null, row: number | null, column: number | null}} Seat */

export class Seats {
  /** @param {() => void} changed called when there are others */
  constructor(changed) {
    this.changed = changed;
    /** @type {Map<string, Seat>} in the order of the seats */
    this.known = new Map();
    this.told = "";
  }

  /** Asks now, and again every few minutes. */
  async follow() {
    await this.ask();
    setInterval(() => this.ask(), AGAIN_MS);
  }

  async ask() {
    const answer = await load("/api/seating-plan");
    const told = JSON.stringify(answer.seats ?? []);
    if (!answer.ok || told === this.told) return;
    this.told = told;
    this.known = new Map(answer.seats.map((/** @type {Seat} */ each) => [each.extension, each]));
    this.changed();
  }

  /**
   * @param {any} call
   * @returns {Seat | null} the seat of its operator
   */
  of(call) {
    return this.known.get(call.operator.number ?? "") ?? null;
  }
}
