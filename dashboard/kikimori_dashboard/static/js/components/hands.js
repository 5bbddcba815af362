// Whether a hand is on a card: pressed, under the pointer, or focused by keyboard. Nothing may move then.

const AFTER_MS = 2_500; // after the last movement, press or key among the cards
const RESTING_MS = 30_000; // a pointer or focus that was not used for so long was left there

export class Hands {
  /** `sections`: the elements that hold the cards. */
  constructor(sections) {
    this.usedAt = -Infinity;
    this.pressing = false;
    this.over = false;
    for (const section of sections) {
      for (const event of ["pointermove", "keydown", "pointerdown", "wheel"]) {
        section.addEventListener(event, () => { this.usedAt = performance.now(); }, { passive: true });
      }
      section.addEventListener("pointerover", (event) => { this.over = event.target.closest(".card") !== null; });
      for (const event of ["pointerleave", "pointercancel"]) section.addEventListener(event, () => { this.over = false; });
    }
    addEventListener("pointerdown", () => { this.pressing = true; });
    for (const event of ["pointerup", "pointercancel", "blur"]) addEventListener(event, () => { this.pressing = false; });
  }

  /** Takes note of a key that was pressed for a card, wherever the focus was. */
  use() {
    this.usedAt = performance.now();
  }

  /** Whether the cards must stay where they are. */
  on() {
    if (this.pressing) return true;
    const unused = performance.now() - this.usedAt;
    return unused < AFTER_MS || (unused < RESTING_MS && (this.over || focused()));
  }
}

/** Whether a card has the focus by keyboard; a click leaves the focus too, and the hand is elsewhere. */
function focused() {
  const element = document.activeElement;
  return element?.closest(".board .card") != null && element.matches(":focus-visible");
}
