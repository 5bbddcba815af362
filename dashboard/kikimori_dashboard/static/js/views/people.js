// The people of the office, for administrators: persons, superiors, operators' PCs.

import { certificateBanners, showBanners } from "../components/banners.js";
import { byId as at, h, setText, show } from "../components/dom.js";
import { drawPagesMenu } from "../components/pages_menu.js";
import * as i18n from "../store/i18n.js";
import { latest } from "../store/latest.js";
import { refusalText } from "../components/form.js";
import * as kiosks from "../components/people_kiosks.js";
import * as persons from "../components/people_persons.js";
import * as superiors from "../components/people_superiors.js";
import { WhoBar } from "../components/who_bar.js";
import { applyTheme } from "../store/preferences.js";
import { load, me, toLogin } from "../store/session.js";

const { t } = i18n;
/** @typedef {import("../store/session.js").Answer} Answer */

/** @type {Record<string, {draw: (page: import("../components/form.js").Section) => Promise<HTMLElement[] | null>}>} */
const SECTIONS = { persons, superiors, kiosks };
const ENTRIES = ["person", "superior", "kiosk", "code", "seating"]; // names under which a row keeps whose it is
let section = Object.hasOwn(SECTIONS, location.hash.slice(1)) ? location.hash.slice(1) : "persons";

applyTheme();
await i18n.start();
const whoBar = new WhoBar(at("who"));
const person = await me().catch(() => undefined);
if (person === null) toLogin();
if (person) whoBar.show(person);

/** What a section needs of the page. */
const page = {
  own: person?.person_id,
  /**
   * Reads from the server; null after a refusal, which is shown.
   * @param {string} path
   */
  async read(path) {
    const answer = await load(path);
    if (answer.status === 401) toLogin();
    if (answer.ok) return answer;
    page.tell(answer);
    return null;
  },
  /**
   * Shows what came of a change, and the list anew.
   * @param {Answer | null} answer
   * @param {string} done
   */
  async came(answer, done) {
    if (answer === null) return;
    page.tell(answer, done);
    await draw();
  },
  /**
   * @param {{ok: boolean, reason?: string, fault?: string}} answer
   * @param {string} [done]
   */
  tell(answer, done = "") {
    show(at("fault"), !answer.ok);
    setText(at("fault"), answer.ok ? "" : refusalText(answer));
    show(at("done"), Boolean(answer.ok && done));
    setText(at("done"), answer.ok ? done : "");
  },
};

async function drawCertificate() {
  const { problems = [] } = await load("/api/certificate");
  showBanners(at("banners"), certificateBanners(problems));
}

const partsOf = latest((/** @type {string} */ name) => SECTIONS[name].draw(page));

async function draw() {
  drawCertificate();
  const parts = await partsOf(section);
  if (parts) replace(parts);
}

/**
 * Puts the parts into the list's place; who works by keyboard stays at the same button of the same entry, or beside it.
 * @param {HTMLElement[]} parts
 */
function replace(parts) {
  const list = at("list");
  const focused = list.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
  const row = /** @type {HTMLElement | null | undefined} */ (focused?.closest(".row"));
  const entry = ENTRIES.find((name) => row?.dataset[name]);
  list.replaceChildren(...parts);
  if (!focused) return;
  const scope = entry ? list.querySelector(`[data-${entry}="${CSS.escape(row?.dataset[entry] ?? "")}"]`) : list;
  const same = scope?.querySelector(`[data-act="${focused.dataset.act}"]:not(:disabled)`) ?? scope?.querySelector("button:not(:disabled)");
  /** @type {HTMLElement | null | undefined} */ (same)?.focus({ preventScroll: true });
}

function words() {
  drawPagesMenu(person);
  document.title = `${t("people.title")} – ${t("app.name")}`;
  setText(at("page-name"), t("people.title"));
  setText(at("language"), t("ui.language"));
  whoBar.words();
  at("sections").replaceChildren(...Object.keys(SECTIONS).map((name) =>
    h("button", { type: "button", "aria-current": name === section ? "page" : null, dataset: { section: name }, onclick: () => go(name) }, t(`people.section.${name}`))));
}

/** @param {string} name */
async function go(name) {
  section = name;
  history.replaceState(null, "", `#${name}`);
  page.tell({ ok: true });
  words();
  /** @type {HTMLElement | null} */ (at("sections").querySelector("[aria-current]"))?.focus();
  await draw();
}

at("language").addEventListener("click", async () => { await i18n.toggle(); words(); await draw(); });
words();
await draw();
