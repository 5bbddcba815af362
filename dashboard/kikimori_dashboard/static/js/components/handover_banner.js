// The banner of whom a transfer rings: the way to the handover, before they pick up.

import { fill, h } from "./dom.js";
import { current, t } from "../store/i18n.js";
import { TRANSFERS } from "../store/press.js";

/**
 * The call whose transfer rings a telephone of a person now, or null.
 * @param {any} picture
 * @param {{person_id: string | null, extensions: string[]} | undefined} person
 * @param {string | null} telephone the one that this browser knows as theirs
 * @returns {string | null}
 */
export function ringsFor(picture, person, telephone) {
  const own = new Set([...(person?.extensions ?? []), ...(telephone ? [telephone] : [])]);
  for (const superior of picture.site?.superiors ?? []) if (person?.person_id && superior.person_id === person.person_id) own.add(superior.number);
  const ringing = Object.entries(picture.commands).find(([callId, { move }]) =>
    picture.calls[callId] && move && TRANSFERS.includes(move.action) && !move.result && !move.unanswered && own.has(move.to?.number));
  return ringing ? ringing[0] : null;
}

/**
 * @param {HTMLElement} element
 * @param {string | null} callId of `ringsFor`
 */
export function showHandover(element, callId) {
  fill(element, JSON.stringify([callId, current()]), () => (callId === null ? [] : [
    h("p", { class: "banner warn" }, h("span", {}, t("handover.banner")),
      h("a", { href: `/handover?call=${encodeURIComponent(callId)}`, target: "kikimori-handover", dataset: { act: "handover" } }, t("handover.open")))]));
}
