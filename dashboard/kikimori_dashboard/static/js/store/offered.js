// What may be pressed on a call now. Only what its PBX can do, and only what makes sense.

import { ACTIONS } from "./action_table.js";
import { TRANSFERS } from "./press.js";

const ASIDE = Object.keys(ACTIONS).filter((action) => ACTIONS[action].place === "aside");

/**
 * @typedef {object} Pressable what of a call decides on its buttons
 * @property {string} status
 * @property {string[]} capabilities
 * @property {boolean} [accommodated] reasonable accommodation was asked for; agents of the release before do not say
 */

/**
 * {main, aside}: `main` are at most two, the first of them the one obvious action; `aside` are the further ones.
 * @param {Pressable} call
 * @param {string | null} doing the action under way that moves the customer
 */
export function offered(call, doing) {
  /** @param {string} action */
  const can = (action) => call.capabilities.includes(action);
  if (call.status === "ended") return { main: [], aside: [] };
  return { main: main(call, doing, can).filter(can), aside: ASIDE.filter((action) => can(action) && makesSense(action, call)) };
}

/**
 * A mark can be set or taken back, whichever it is not.
 * @param {string} action
 * @param {Pressable} call
 */
const makesSense = (action, call) => action !== (call.accommodated ? "accommodate" : "accommodate_end");

/**
 * @param {Pressable} call
 * @param {string | null} doing
 * @param {(action: string) => boolean} can
 */
function main(call, doing, can) {
  if (call.status === "transferred") return ["take_back"];
  // While the superior's telephone rings, the other thing to press is the way back.
  if (doing !== null && TRANSFERS.includes(doing) && can("take_back")) return [doing, "take_back"];
  if (call.status === "on_hold") return [can("transfer") ? "transfer" : "hold_transfer", "unhold"];
  return [can("hold_transfer") ? "hold_transfer" : "transfer", "hold"];
}

/**
 * The big one; taking a call back from a superior is never urged.
 * @param {string} action
 * @param {number} index
 */
export const isPrimary = (action, index) => index === 0 && action !== "take_back";

/** While the customer is being moved, only this may be pressed besides: the way back and the end. */
const CUTS_IN = ["take_back", "hang_up"];

/**
 * Whether an action has to wait for the one under way in its lane.
 * @param {string} action
 * @param {string} lane
 * @param {Record<string, string | null>} doing the action under way by lane
 */
export const waits = (action, lane, doing) => doing[lane] !== null && !(lane === "move" && CUTS_IN.includes(action) && doing.move !== action);

/**
 * Whether a first press only asks. Where an alert prompts for it, one press does it; hanging up always asks. Listening in
 * rings nobody's telephone but one's own, and an announcement was just chosen from a list.
 * @param {string} action
 * @param {Pressable} call
 * @param {string | null} doing
 * @param {boolean} prompted
 */
export function asksFirst(action, call, doing, prompted) {
  switch (ACTIONS[action]?.asks) {
    case "always":
      return true;
    case "never":
      return false;
    case "when_settled":
      return call.status === "transferred" && doing === null;
    default:
      return !prompted && call.status !== "on_hold";
  }
}
