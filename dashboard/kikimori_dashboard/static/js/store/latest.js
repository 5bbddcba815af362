// Questions that take each other's place: only the last one is answered.

/**
 * Returns a question that resolves to null where it was asked again or dropped meanwhile: an answer that comes too late replaces
 * none that is newer, and what was asked last is never left out. `drop` gives up what is on its way.
 * @template Asked
 * @template Answered
 * @param {(asked: Asked) => Promise<Answered>} ask
 * @returns {((asked: Asked) => Promise<Answered | null>) & {drop: () => void}}
 */
export function latest(ask) {
  let last = 0;
  const question = async (/** @type {Asked} */ asked) => {
    last += 1;
    const turn = last;
    const answer = await ask(asked);
    return turn === last ? answer : null;
  };
  return Object.assign(question, { drop: () => { last += 1; } });
}
