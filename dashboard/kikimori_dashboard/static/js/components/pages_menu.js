// The pages that a person may open, in one line at the head of each page that shows no live call.

import { t } from "../store/i18n.js";
import { byId, fill, h } from "./dom.js";

// In this order; a page that is not here is reached from another.
const NAMES = /** @type {const} */ ([
  ["/", "menu.live"],
  ["/operator", "menu.operator"],
  ["/history", "history.title"],
  ["/customers", "customers.title"],
  ["/false-alarms", "menu.false_alarms"],
  ["/people", "people.title"],
  ["/recording", "menu.recording"],
  ["/audit", "audit.title"],
  ["/my-record", "my_record.title"],
  ["/account", "account.title"],
]);

/** @type {string[]} */
let open = [];

/**
 * Draws it into `#pages`; again after a change of the language.
 * @param {import("../store/session.js").SignedIn | null} [person] once it is known who is signed in
 */
export function drawPagesMenu(person) {
  if (person !== undefined) open = person?.pages ?? [];
  const nav = byId("pages");
  nav.setAttribute("aria-label", t("menu.label"));
  const shown = NAMES.filter(([path]) => open.includes(path));
  fill(nav, JSON.stringify([shown, t("menu.label")]), () => [
    h("span", { class: "app" }, t("app.name")),
    ...shown.map(([path, name]) => h("a", { href: path, "aria-current": path === location.pathname ? "page" : null }, t(name))),
  ]);
  const here = /** @type {HTMLElement | null} */ (nav.querySelector("[aria-current]"));
  if (here) nav.scrollLeft = here.offsetLeft - nav.clientWidth / 2; // on a telephone it is wider than the screen
}
