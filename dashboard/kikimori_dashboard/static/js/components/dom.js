// Builds elements. Text goes in as text only, never as markup: names and words come from outside.

import { staysPressed } from "./held_press.js";

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
 * The same for an element of a drawing.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...SVGElement} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * Sets text only when it differs, so that nothing is announced or repainted without need. The node of the text stays: another
 * one would have to be styled, laid out and painted anew.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  const only = element.firstChild;
  if (text !== "" && only instanceof Text && only === element.lastChild) {
    if (only.data !== text) only.data = text;
  } else if (element.textContent !== text) {
    element.textContent = text;
  }
}

/**
 * @param {HTMLElement} element
 * @param {boolean} visible
 */
export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/**
 * Gives an element these children in their order; those that are there already, and in order, are not touched.
 * @param {Element} element
 * @param {Element[]} wanted
 */
export function arrange(element, wanted) {
  const kept = new Set(wanted);
  for (const child of [...element.children]) if (!kept.has(child)) child.remove();
  let next = element.firstElementChild;
  for (const child of wanted) {
    if (child === next) next = next.nextElementSibling;
    else element.insertBefore(child, next);
  }
}

/** @type {WeakMap<Element, unknown>} */
const filledWith = new WeakMap();

/**
 * Replaces the children only when `key` differs from the last time, and not while one of them is pressed; tells whether it did.
 * @param {Element} element
 * @param {unknown} key
 * @param {() => Child[]} build
 */
export function fill(element, key, build) {
  if (filledWith.has(element) && (filledWith.get(element) === key || staysPressed(element))) return false;
  filledWith.set(element, key);
  element.replaceChildren(...build().filter((child) => child !== null && child !== undefined));
  return true;
}
