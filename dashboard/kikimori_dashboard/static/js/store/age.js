// The age of what this page shows, measured with an echo and this browser's own monotonic clock alone.
//
// The server answers a ping with the sequence number of the last change that it had sent. Messages keep their order, so
// once that change is drawn the page shows at least what was known when the ping left.

const LATE_MS = 2_000; // from here on the page says how old it is

export class Age {
  constructor() {
    this.forget();
  }

  /** Forgets what was measured: the connection is another one. */
  forget() {
    /** @type {{at: number, seq: number} | null} the newest echo */
    this.answered = null;
    /** @type {number | null} the page shows what was known at this moment of performance.now(), or later */
    this.shownAt = null;
  }

  /** The message that asks for an echo. */
  static ping() {
    return JSON.stringify({ type: "ping", at: performance.now() });
  }

  /** @param {{at: number, seq: number}} echo */
  echo({ at, seq }) {
    this.answered = { at, seq };
  }

  /**
   * Takes note that everything up to this change is on the screen.
   * @param {number} seq
   */
  drawn(seq) {
    if (this.answered !== null && this.answered.seq <= seq) this.shownAt = this.answered.at;
  }

  /** Milliseconds; null when it was not measured yet. */
  ms() {
    return this.shownAt === null ? null : performance.now() - this.shownAt;
  }

  late() {
    return (this.ms() ?? 0) > LATE_MS;
  }
}
