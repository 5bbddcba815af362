// Questions that take each other's place: only the last one is answered.

/**
 * Returns a question that resolves to null where it was asked again meanwhile: an answer that comes too late replaces none
 * that is newer, and what was asked last is never left out.
 * @template Asked
 * @template Answered
 * @param {(asked: Asked) => Promise<Answered>} ask
 * @returns {(asked: Asked) => Promise<Answered | null>}
 */
export function latest(ask) {
  let last = 0;
  return async (asked) => {
    last += 1;
    const turn = last;
    const answer = await ask(asked);
    return turn === last ? answer : null;
  };
}
