// Builds elements. Text goes in as text only, never as markup: names and words come from outside.

/** h("p", {class: "x", dataset: {id: 1}, onclick: f}, "text", child, null) */
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

/** Sets text only when it differs, so that nothing is announced or repainted without need. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/** Replaces the children only when `key` differs from the last time. */
export function fill(element, key, build) {
  if (element.filledWith === key) return false;
  element.filledWith = key;
  element.replaceChildren(...build());
  return true;
}
