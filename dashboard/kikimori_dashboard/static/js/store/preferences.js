// What this browser chose: language, theme, sound, extension. Storage may be forbidden; then it lasts for the page.

/** @type {Map<string, string>} */
const memory = new Map();

/**
 * @param {string} name
 * @returns {string | null}
 */
export function read(name) {
  try {
    return localStorage.getItem(`kikimori.${name}`) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

/**
 * @param {string} name
 * @param {string} value
 */
export function write(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(`kikimori.${name}`, value);
  } catch {
    // kept in memory
  }
}

const darkRoom = matchMedia("(prefers-color-scheme: dark)");

export function theme() {
  return read("theme") ?? (darkRoom.matches ? "dark" : "light");
}

export function applyTheme() {
  document.documentElement.dataset.theme = theme();
}

darkRoom.addEventListener("change", applyTheme);
