// The control that is pressed at this moment. A browser tells nobody of a press whose button was replaced between down and up:
// what contains the control is drawn when the press is over.

const CONTROLS = "button, a, summary, select, input, label";
const LONGEST_MS = 30_000; // after which a press counts as over: its end was not seen

/** @type {Element | null} */
let control = null;
let due = false; // something was put off
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {() => void} */
let redraw = () => {};

/**
 * Follows presses on a page that draws again what was put off.
 * @param {() => void} draw draws everything that may have been put off
 */
export function followPresses(draw) {
  redraw = draw;
  followIn(document);
}

/**
 * Follows presses in a further window of the page.
 * @param {Document} page
 */
export function followIn(page) {
  page.addEventListener("pointerdown", ({ button, target }) => { if (button === 0) begin(target); }, true);
  page.addEventListener("keydown", ({ key, repeat, target }) => { if (key === " " && !repeat) begin(target); }, true);
  for (const each of ["pointerup", "pointercancel", "keyup"]) page.addEventListener(each, () => { if (control) end(0); }, true);
  // What the press itself changes is drawn at once.
  page.addEventListener("click", () => { control = null; }, true);
}

/** @param {EventTarget | null} target of any window */
function begin(target) {
  control = /** @type {Element | null} */ (target)?.closest?.(CONTROLS) ?? null;
  if (control) end(LONGEST_MS);
}

/** @param {number} afterMs */
function end(afterMs) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    control = null;
    if (!due) return;
    due = false;
    redraw();
  }, afterMs);
}

/**
 * Whether a part of the page stays as it is for now, since something in it is pressed.
 * @param {Element} part
 */
export function staysPressed(part) {
  if (control === null || !part.contains(control)) return false;
  due = true;
  return true;
}
