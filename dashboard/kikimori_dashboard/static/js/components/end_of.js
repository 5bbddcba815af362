// Whether the end of a box's content is in sight.

import { h } from "./dom.js";

/**
 * The element to be kept last in a list; the list has `data-more="yes"` while that element is out of sight.
 * @param {HTMLElement} list
 * @returns {HTMLElement}
 */
export function endOf(list) {
  const end = h("li", { class: "end", "aria-hidden": "true" });
  const look = (found) => { list.dataset.more = found.at(-1).isIntersecting ? "no" : "yes"; };
  new IntersectionObserver(look, { root: list }).observe(end);
  return end;
}
