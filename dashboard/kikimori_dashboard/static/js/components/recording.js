// Whether a call is recorded, as a short mark; and the operator's way to have it erased.

import { h } from "./dom.js";
import { find, t } from "../store/i18n.js";

const CONFIRM_WITHIN_MS = 5_000;

/**
 * The mark of a call's recording; null where nothing is recorded at all, or where nobody knows whether it still is.
 * @param {{recording?: string | null, status?: string, stale?: boolean}} call
 * @returns {HTMLElement | null}
 */
export function recordingMark(call) {
  if (call.stale && call.recording === "on") return null;
  const recording = call.recording === "on" && call.status === "ended" ? "kept" : call.recording;
  const words = recording ? find(`call.recording_${recording}`) : null;
  return words === null ? null : h("span", { class: "recording", dataset: { recording } }, words);
}

/** The operator's button 「この通話は録音しない」: the first press asks, the second erases. */
export class RecordingOffer {
  /**
   * @param {() => void} draw called when the question comes or goes
   */
  constructor(draw) {
    this.draw = draw;
    /** @type {string | null} the call that was asked for */
    this.asked = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * The mark and, while it is recorded, the button.
   * @param {{call: any, usable: boolean, lanes: any, press: (action: string) => void}} state
   * @returns {HTMLElement[]}
   */
  elements({ call, usable, lanes, press }) {
    const mark = recordingMark(call);
    const doing = lanes.aside?.doing === "stop_recording";
    const offered = call.status !== "ended" && call.capabilities.includes("stop_recording");
    if (mark === null) return [];
    if (!offered && !doing) return [mark];
    const asked = this.asked === call.call_id;
    const words = doing ? t("doing.stop_recording") : asked ? t("operator.recording_again") : t("action.stop_recording");
    const button = h("button", { class: "offer", type: "button", dataset: { action: "stop_recording" }, disabled: !usable || doing, onclick: (/** @type {MouseEvent} */ event) => this.pressed(call, press, event.detail > 1) }, words);
    if (asked && !doing) button.dataset.asked = "yes";
    return [mark, button];
  }

  /**
   * @param {any} call
   * @param {(action: string) => void} press
   * @param {boolean} double whether it is the second click of a double click, which is no second decision
   */
  pressed(call, press, double) {
    if (double) return;
    clearTimeout(this.timer);
    const sure = this.asked === call.call_id;
    this.asked = sure ? null : call.call_id;
    if (sure) press("stop_recording");
    else this.timer = setTimeout(() => { this.asked = null; this.draw(); }, CONFIRM_WITHIN_MS);
    this.draw();
  }
}
