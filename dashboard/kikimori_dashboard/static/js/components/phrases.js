// Text that is read aloud or at a glance.

import { h } from "./dom.js";
import { current } from "../store/i18n.js";

/**
 * A text in pieces that begin a line of their own where they do not fit: read aloud, a sentence is one breath.
 * @param {string} text
 * @returns {(HTMLElement | string | null)[]}
 */
export function phrases(text) {
  return text.split(/(?<=。)(?=[^」])|(?<=[.?!]) /).flatMap((piece, index) => [index && current() !== "ja" ? " " : null, h("span", { class: "phrase" }, piece)]);
}
