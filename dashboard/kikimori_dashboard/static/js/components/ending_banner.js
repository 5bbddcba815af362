// Proposals to end a call that wait for the person of this page, whichever call they look at.

import { who } from "./call_names.js";
import { fill, h } from "./dom.js";
import { endingText, stopsText } from "../store/ending.js";
import { current, t } from "../store/i18n.js";

/**
 * Calls with a proposal of somebody else, the oldest first.
 * @param {import("../store/picture.js").Picture} picture
 * @param {string | null} personId
 */
const waiting = (picture, personId) =>
  personId === null ? [] : Object.values(picture.calls)
    .filter(({ ending }) => ending?.state === "proposed" && ending.person_id !== personId)
    .sort((a, b) => (a.ending?.at ?? "").localeCompare(b.ending?.at ?? ""));

/**
 * @param {HTMLElement} element
 * @param {import("../store/picture.js").Picture} picture
 * @param {string | null} personId of a person who may decide; null = of nobody
 * @param {(callId: string) => void} look shows the call, with the buttons
 * @returns {string[]} what differs for each proposal
 */
export function showEndings(element, picture, personId, look) {
  const calls = waiting(picture, personId);
  fill(element, JSON.stringify([calls.map((call) => [call.call_id, call.ending, call.stops, call.operator]), current()]), () =>
    calls.map((call) => h("p", { class: "banner warn", dataset: { ending: call.call_id } },
      h("span", {}, t("ending.banner", { call: who(call), proposal: call.ending ? endingText(call.ending) : "" })),
      h("span", { class: "detail" }, stopsText(call.stops)),
      h("button", { type: "button", class: "secondary", onclick: () => look(call.call_id) }, t("ending.look")))));
  return calls.map((call) => `${call.call_id} ${call.ending?.at}`);
}
