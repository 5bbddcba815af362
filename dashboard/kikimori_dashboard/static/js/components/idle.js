// What the operator's page shows without a call: whether this extension has ever been heard, and the next step if not.

import { h } from "./dom.js";
import { moment, t } from "../store/i18n.js";

const OTHERS_SHOWN = 6;

/** @typedef {import("../store/picture.js").Picture} Picture */
/** @typedef {{state: "heard" | "never" | "unknown", at: string | null, since: string | null}} Heard times as the server wrote them */

/**
 * Whether and when an extension was heard.
 * @param {Picture} picture
 * @param {string} extension
 * @returns {Heard}
 */
export function lastHeard(picture, extension) {
  const at = picture.extensions[extension] ?? null;
  const since = picture.site.watching_since;
  if (at) return { state: "heard", at, since };
  return { state: since ? "never" : "unknown", at, since };
}

/**
 * One line: when a call was heard last.
 * @param {Picture} picture
 * @param {Heard} heard
 */
function heardLine(picture, heard) {
  if (heard.state === "heard") return t("operator.heard", { time: moment(heard.at ?? "", picture.now()) });
  return heard.state === "never" ? t("operator.never_short", { time: moment(heard.since ?? "", picture.now()) }) : "";
}

/**
 * Elements of the page without a call.
 * @param {Picture} picture
 * @param {string} extension
 * @param {string} watch what `watched` says
 * @param {HTMLElement} reach the element of 「試す」
 */
export function idle(picture, extension, watch, reach) {
  if (watch !== "yes") return [h("div", { class: "idle", dataset: { state: watch } }, h("p", { class: "big" }, t(`operator.idle_${watch}`))), reach];
  const heard = lastHeard(picture, extension);
  if (heard.state === "never") return [never(picture, extension, heard), reach];
  return [h("div", { class: "idle", dataset: { state: heard.state } },
    h("p", { class: "extension" }, t("operator.mine", { ext: extension })),
    h("p", { class: "big" }, t("operator.waiting")),
    h("p", {}, heardLine(picture, heard) || t("operator.waiting_hint"))), reach];
}

/**
 * @param {Picture} picture
 * @param {string} extension
 * @param {Heard} heard
 */
function never(picture, extension, heard) {
  const others = Object.keys(picture.extensions).filter((each) => each !== extension).sort();
  const shown = others.slice(0, OTHERS_SHOWN).join(", ") + (others.length > OTHERS_SHOWN ? " …" : "");
  return h("div", { class: "idle", dataset: { state: "never" } },
    h("p", { class: "big" }, t("operator.never", { ext: extension })),
    h("p", {}, t("operator.never_since", { time: moment(heard.since ?? "", picture.now()) })),
    h("p", {}, t("operator.never_steps")),
    h("ol", {},
      h("li", {}, t("operator.never_check", { ext: extension })),
      others.length ? h("li", {}, t("operator.never_others", { list: shown })) : null,
      h("li", {}, `${t("operator.never_it", { ext: extension })} `, command("kikimori tap watch --from-agent --numbers"))));
}

/**
 * A command that breaks only between its words, and is copied whole.
 * @param {string} text
 */
const command = (text) => h("code", {}, ...text.split(" ").flatMap((word, index) => [index ? " " : null, h("span", {}, word)]));
