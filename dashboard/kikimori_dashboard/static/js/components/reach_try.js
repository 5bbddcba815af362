// 「試す」: whether a press would reach the agents, tried without alarming anybody.

import { fill, h } from "./dom.js";
import { current, t } from "../store/i18n.js";
import { send } from "../store/session.js";

const HOPS = ["page", "dashboard", "broker", "agents"];

/**
 * What came of a try: how many of the hops were reached, and the text that says what to do.
 * @param {any} answer of `/api/reach`, as `send` resolves
 * @returns {{reached: number, key: string, agents: string}}
 */
export function outcome(answer) {
  if (!answer.ok) return { reached: answer.reason === "network" ? 1 : 2, key: answer.reason === "network" ? "dashboard" : "refused", agents: "" };
  if (!answer.broker) return { reached: 2, key: "broker", agents: "" };
  const names = (/** @type {any[]} */ some) => some.map((each) => each.agent_id).join(", ");
  const silent = answer.agents.filter((/** @type {any} */ each) => each.ms === null);
  const refusing = answer.agents.filter((/** @type {any} */ each) => each.ms !== null && each.refuses);
  if (silent.length === answer.agents.length) return { reached: 3, key: "no_agent", agents: names(silent) };
  if (refusing.length) return { reached: 3, key: "refuses", agents: names(refusing) };
  return silent.length ? { reached: 3, key: "some_silent", agents: names(silent) } : { reached: 4, key: "good", agents: "" };
}

export class ReachTry {
  constructor() {
    this.busy = false;
    /** @type {{reached: number, key: string, agents: string, seconds: string} | null} */
    this.result = null;
    this.element = h("div", { class: "try" });
  }

  draw() {
    const focused = this.element.contains(this.element.ownerDocument.activeElement);
    const drawn = fill(this.element, JSON.stringify([this.busy, this.result, current()]), () => [
      h("button", { type: "button", class: "offer", dataset: { act: "try" }, "aria-busy": this.busy ? "true" : null, onclick: () => this.run() }, t(this.busy ? "reach.busy" : "reach.try")),
      this.result ? this.shown(this.result) : h("p", { class: "hint" }, t("reach.hint")),
    ]);
    if (drawn && focused) this.element.querySelector("button")?.focus({ preventScroll: true });
  }

  /** @param {{reached: number, key: string, agents: string, seconds: string}} result */
  shown(result) {
    return h("div", { class: "tried", role: "status", dataset: { reached: String(result.reached), outcome: result.key } },
      h("p", { class: "hops" }, ...HOPS.flatMap((hop, index) => [index ? " → " : null, h("span", { dataset: { reached: index < result.reached ? "yes" : "no" } }, `${t(`reach.hop.${hop}`)} ${index < result.reached ? "✓" : "✗"}`)])),
      h("p", {}, t(`reach.${result.key}`, result)));
  }

  async run() {
    if (this.busy) return;
    this.busy = true;
    this.draw();
    const began = performance.now();
    const answer = await send("/api/reach");
    this.result = { ...outcome(answer), seconds: ((performance.now() - began) / 1000).toFixed(2) };
    this.busy = false;
    this.draw();
  }
}
