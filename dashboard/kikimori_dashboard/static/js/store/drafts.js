// What somebody typed and has not sent, kept for this tab and for them: a session that ends meanwhile takes it away from nobody.

/**
 * @param {string | null} person
 * @param {string} place for which it is, of the pages of the dashboard
 */
const name = (person, place) => `kikimori.draft.${person}.${place}`;

/**
 * @param {string | null} person
 * @param {string} place
 */
export function draft(person, place) {
  try {
    return sessionStorage.getItem(name(person, place)) ?? "";
  } catch {
    return ""; // storage may be forbidden
  }
}

/**
 * @param {string | null} person
 * @param {string} place
 * @param {string} text nothing = it was sent, or is to be forgotten
 */
export function keepDraft(person, place, text) {
  try {
    if (text) sessionStorage.setItem(name(person, place), text);
    else sessionStorage.removeItem(name(person, place));
  } catch {
    // it lasts for the page
  }
}
