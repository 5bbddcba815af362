// Draws everything that is due in one frame: one layout, one painting.

const LATEST_MS = 250; // a page that gets no frames is drawn all the same

/** @type {Set<() => void>} */
const due = new Set();
/** @type {ReturnType<typeof setTimeout> | null} set while a frame is asked for, or drawn */
let latest = null;

/**
 * Has `draw` called in the next frame; within a frame, in the same one, behind what is due already. Once, however often it is asked for.
 * @param {() => void} draw
 */
export function inFrame(draw) {
  due.add(draw);
  if (latest !== null) return;
  latest = setTimeout(run, LATEST_MS);
  requestAnimationFrame(run);
}

function run() {
  if (latest === null) return;
  clearTimeout(latest);
  try {
    for (const draw of due) {
      due.delete(draw);
      draw();
    }
  } finally {
    latest = null;
  }
}
