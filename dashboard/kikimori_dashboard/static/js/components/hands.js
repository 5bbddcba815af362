// Whether a hand is on a call: pressed, under the pointer, or focused by keyboard. Its card must stay where it is then.

const AFTER_MS = 2_500; // after the last movement, press or key at the call
const RESTING_MS = 30_000; // a pointer or focus that was not used for so long was left there

/**
 * The call of an element of the page.
 * @param {EventTarget | null} target
 */
const callOf = (target) => (target instanceof Element && target.closest("[data-call]")?.getAttribute("data-call")) || null;

export class Hands {
  /** @param {HTMLElement[]} sections the elements that hold the calls */
  constructor(sections) {
    this.usedAt = -Infinity;
    /** @type {string | null} the call that was last pointed at, pressed or focused */
    this.used = null;
    /** @type {string | null} */
    this.pressed = null;
    /** @type {string | null} */
    this.over = null;
    for (const section of sections) {
      for (const event of ["pointermove", "keydown", "pointerdown", "wheel"]) {
        section.addEventListener(event, ({ target }) => this.use(callOf(target)), { passive: true });
      }
      section.addEventListener("pointerdown", ({ target }) => { this.pressed = callOf(target); });
      section.addEventListener("pointerover", ({ target }) => { this.over = callOf(target); });
      for (const event of ["pointerleave", "pointercancel"]) section.addEventListener(event, () => { this.over = null; });
    }
    for (const event of ["pointerup", "pointercancel", "blur"]) addEventListener(event, () => { this.pressed = null; });
  }

  /**
   * Takes note of a key or movement for a call, wherever the focus was.
   * @param {string | null} callId
   */
  use(callId) {
    this.usedAt = performance.now();
    this.used = callId;
  }

  /**
   * Whether a hand is on a call.
   * @param {string} callId
   */
  holds(callId) {
    if (this.pressed === callId) return true;
    const unused = performance.now() - this.usedAt;
    return (this.used === callId && unused < AFTER_MS) || (unused < RESTING_MS && (this.over === callId || focused() === callId));
  }

  /** Whether a hand is on any call. */
  on() {
    return [this.pressed, this.over, this.used, focused()].some((callId) => callId !== null && this.holds(callId));
  }
}

/** The call that has the focus by keyboard; a click leaves the focus too, and the hand is elsewhere. */
function focused() {
  const element = document.activeElement;
  return element?.matches(":focus-visible") ? callOf(element) : null;
}
