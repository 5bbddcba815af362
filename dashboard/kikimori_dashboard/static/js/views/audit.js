// The audit: filtered, in pages, and as a file.

import { byId as at, h, setText } from "../components/dom.js";
import { actionText, showEntries } from "../components/entries.js";
import { drawPagesMenu } from "../components/pages_menu.js";
import * as i18n from "../store/i18n.js";
import { applyTheme } from "../store/preferences.js";
import { load, me, toLogin } from "../store/session.js";

const { t } = i18n;
const FIELDS = ["since", "until", "person", "action", "object"];
const COMMON = ["session.begin", "live.open", "command.hold", "command.transfer", "command.escalate", "person.change", "person.export", "audit.open", "audit.export"];
/** @type {import("../components/entries.js").Entry[]} */
let entries = [];
/** @type {number | null} */
let before = null; // number below which the next page begins; null = there is none
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
await read(false);

/** The filter as an address has it. */
function asked() {
  const found = new URLSearchParams();
  for (const each of FIELDS) {
    const { value } = at(each, HTMLInputElement);
    if (value) found.set(each, value);
  }
  return found;
}

function address() {
  const file = asked();
  file.set("language", i18n.current());
  at("export", HTMLAnchorElement).href = `/api/audit.csv?${file}`;
}

/** @param {boolean} further */
async function read(further) {
  const wanted = asked();
  if (further && before !== null) wanted.set("before", String(before));
  const button = at("send", HTMLButtonElement);
  button.disabled = true;
  const answer = await load(`/api/audit?${wanted}`);
  button.disabled = false;
  if (answer.status === 401) return toLogin();
  fault = answer.ok ? null : answer;
  if (answer.ok) {
    entries = further ? [...entries, ...answer.entries] : answer.entries;
    before = answer.before;
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
