// The audit: filtered, in pages, and as a file.

import { byId as at, h, setText, show } from "../components/dom.js";
import { actionText, showEntries } from "../components/entries.js";
import { drawPagesMenu } from "../components/pages_menu.js";
import * as i18n from "../store/i18n.js";
import { latest } from "../store/latest.js";
import { applyTheme } from "../store/preferences.js";
import { load, me, toLogin } from "../store/session.js";

const { t } = i18n;
const loadLatest = latest(load);
const FIELDS = ["since", "until", "person", "action", "object"];
const COMMON = ["session.begin", "live.open", "command.hold", "command.transfer", "command.escalate", "person.change", "person.export", "audit.open", "audit.export"];
/** @type {import("../components/entries.js").Entry[]} */
let entries = [];
/** @type {number | null} */
let before = null; // number below which the next page begins; null = there is none
let listed = ""; // filter of the entries that are shown
/** @type {import("../store/session.js").Answer | null} */
let fault = null;

applyTheme();
await i18n.start();
me().then(drawPagesMenu, () => {}); // the page works without it
at("form").addEventListener("submit", (event) => { event.preventDefault(); read(false); });
at("more").addEventListener("click", () => read(true));
at("language").addEventListener("click", async () => { await i18n.toggle(); words(); });
for (const each of FIELDS) at(each).addEventListener("input", address);
words();
show(at("form"), true); // not before: nobody would hear Enter
await read(false);

/** The filter as an address has it. */
function asked() {
  const found = new URLSearchParams();
  for (const each of FIELDS) {
    const { value } = at(each, HTMLInputElement);
    if (value) found.set(each, each === "action" ? actionOf(value) : value);
  }
  return found;
}

/**
 * The action as the server knows it, for what was typed: the words of the list may be.
 * @param {string} typed
 */
function actionOf(typed) {
  return [...COMMON, ...entries.map(({ action }) => action)].find((action) => actionText(action) === typed.trim()) ?? typed;
}

function address() {
  const file = asked();
  file.set("language", i18n.current());
  at("export", HTMLAnchorElement).href = `/api/audit.csv?${file}`;
}

/** @param {boolean} further */
async function read(further) {
  const wanted = further ? new URLSearchParams(listed) : asked();
  const filter = String(wanted);
  if (further && before !== null) wanted.set("before", String(before));
  if (!further) show(at("more"), false); // it would continue a list that is about to be another
  const answer = await loadLatest(`/api/audit?${wanted}`);
  if (answer === null) return undefined;
  if (answer.status === 401) return toLogin();
  fault = answer.ok ? null : answer;
  if (answer.ok) {
    entries = further ? [...entries, ...answer.entries] : answer.entries;
    before = answer.before;
    listed = filter;
  }
  return words();
}

function words() {
  drawPagesMenu();
  document.title = `${t("audit.title")} – ${t("app.name")}`;
  setText(at("title"), t("audit.title"));
  for (const each of FIELDS) setText(at(`${each}-label`), t(`audit.${each}`));
  setText(at("send"), t("audit.show"));
  setText(at("export"), t("audit.export"));
  at("actions").replaceChildren(...COMMON.map((each) => h("option", { value: each }, actionText(each))));
  showEntries(entries, before, fault);
  address();
}
