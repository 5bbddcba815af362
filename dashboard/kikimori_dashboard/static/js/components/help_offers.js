// What the operator's page offers beside the big button, each only as long as it can be done.

import { h } from "./dom.js";
import { t } from "../store/i18n.js";

/**
 * @typedef {object} OfferState what an offer decides by
 * @property {any} call
 * @property {string} help how far the help is
 * @property {boolean} usable whether a press can reach the agent
 * @property {boolean} cancellable whether the request for help may be taken back
 * @property {any} lanes the last press of each lane, as `pressState` reads it
 * @property {boolean} holdOffered whether nobody has answered for so long that the operator may put the customer on hold
 * @property {(action: string) => void} press
 */

/**
 * The offers in their order: each returns an element, or null while it is none.
 * @type {((state: OfferState) => HTMLElement | null)[]}
 */
const OFFERS = [cancelOffer, holdOffer];

/** @type {string | null} call whose customer was put on hold here */
let heldHere = null;

/**
 * Elements of everything that is offered now.
 * @param {OfferState} state
 */
export const drawOffers = (state) => OFFERS.map((offer) => offer(state)).filter((element) => element !== null);

/**
 * The way back, until somebody acts.
 * @param {OfferState} state
 */
function cancelOffer({ usable, cancellable, lanes, press }) {
  const doing = lanes.help?.doing === "escalate_cancel";
  if (!cancellable && !doing) return null;
  return h("button", { class: "offer", type: "button", dataset: { action: "escalate_cancel" }, disabled: !usable || doing, onclick: () => press("escalate_cancel") },
    t(doing ? "doing.escalate_cancel" : "action.escalate_cancel"));
}

/**
 * Hold while nobody answers, and the end of that hold.
 * @param {OfferState} state
 */
function holdOffer({ call, usable, holdOffered, lanes, press }) {
  const doing = lanes.move?.doing;
  const ends = call.status === "on_hold" && heldHere === call.call_id;
  const action = ends ? "unhold" : "hold";
  if (!ends && !holdOffered) return null;
  const send = () => {
    heldHere = call.call_id;
    press(action);
  };
  return h("button", { class: "offer", type: "button", dataset: { action }, disabled: !usable || Boolean(doing), onclick: send },
    t(doing === action ? `doing.${action}` : ends ? "action.unhold" : "operator.hold"));
}
