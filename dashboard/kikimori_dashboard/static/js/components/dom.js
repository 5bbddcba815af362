// Builds elements. Text goes in as text only, never as markup: names and words come from outside.

/** @typedef {Node | string | null | undefined} Child */

/**
 * Returns the element of the page that has this id. Throws where the page has none of this kind.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [kind] e.g. HTMLInputElement
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof (kind ?? HTMLElement)) return /** @type {T} */ (found);
  throw new Error(`no element #${id}`);
}

/**
 * h("p", {class: "x", dataset: {id: 1}, onclick: f}, "text", child, null)
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * Sets text only when it differs, so that nothing is announced or repainted without need.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {HTMLElement} element
 * @param {boolean} visible
 */
export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/** @type {WeakMap<Element, unknown>} */
const filledWith = new WeakMap();

/**
 * Replaces the children only when `key` differs from the last time; tells whether it did.
 * @param {Element} element
 * @param {unknown} key
 * @param {() => (Node | string)[]} build
 */
export function fill(element, key, build) {
  if (filledWith.has(element) && filledWith.get(element) === key) return false;
  filledWith.set(element, key);
  element.replaceChildren(...build());
  return true;
}
