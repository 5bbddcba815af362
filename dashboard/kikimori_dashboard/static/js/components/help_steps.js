// The way of the help: called, seen, on hold, taken over; each with who did it, as far as that is known.

import { h, setText } from "./dom.js";
import { STEPS } from "../store/help.js";
import { t } from "../store/i18n.js";
import { spoken } from "../store/names.js";

/**
 * The list of steps. Behind the present one only what somebody can vouch for is shown, as done; before it what may come.
 * @param {string} help how far the help is
 * @param {Record<string, {name?: string | null} | null>} proven what has come true, by step
 */
export function stepsList(help, proven) {
  const reached = STEPS.indexOf(help);
  const shown = STEPS.map((step, index) => ({ step, state: index < reached ? "past" : index === reached ? "now" : "next" }))
    .filter(({ step, state }) => state !== "past" || proven[step]);
  return h("ol", { class: "steps" }, ...shown.map(({ step, state }) =>
    h("li", { dataset: { step, state }, "aria-current": state === "now" ? "step" : null },
      h("span", { class: "mark", "aria-hidden": "true" }, state === "past" ? "✓" : state === "now" ? "▶" : "・"),
      h("span", {}, state === "next" ? t(`operator.next.${step}`) : stepText(step, proven[step]?.name)),
      step === "called" ? h("time", { class: "since" }) : null)));
}

/**
 * A step that has come true, in words.
 * @param {string} step
 * @param {string | null} [name]
 */
export const stepText = (step, name) => (name ? t(`operator.by.${step}`, { name: spoken(name) }) : t(`operator.step.${step}`));

/**
 * Has the seconds since the call for help run.
 * @param {ParentNode} element
 * @param {number | null} calledAt
 * @param {number} now
 */
export function tickSteps(element, calledAt, now) {
  const since = element.querySelector(".since");
  if (!(since instanceof HTMLElement)) return;
  const seconds = calledAt === null ? 0 : Math.max(0, Math.floor((now - calledAt) / 1000));
  setText(since, `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
}
