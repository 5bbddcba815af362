// What is kept about oneself, and who looked.

import { byId as at, h, setText } from "../components/dom.js";
import { showEntries } from "../components/entries.js";
import { drawPagesMenu } from "../components/pages_menu.js";
import { named } from "../components/sessions.js";
import * as i18n from "../store/i18n.js";
import { latest } from "../store/latest.js";
import { applyTheme } from "../store/preferences.js";
import { load, me, toLogin } from "../store/session.js";

const { t } = i18n;
const loadLatest = latest(load);
/** @typedef {{created_at: string, used_at: string, ended_at: string | null, address: string, browser: string, present: boolean}} Session */

/** @type {Session[]} */
let sessions = [];
/** @type {import("../components/entries.js").Entry[]} */
let entries = [];
/** @type {number | null} */
let before = null;
/** @type {import("../store/session.js").Answer | null} */
let fault = null;

applyTheme();
await i18n.start();
me().then(drawPagesMenu, () => {}); // the page works without it
at("more").addEventListener("click", () => read());
at("language").addEventListener("click", async () => { await i18n.toggle(); words(); });
words();
await read();

async function read() {
  const answer = await loadLatest(before === null ? "/api/my-record" : `/api/my-record?before=${before}`);
  if (answer === null) return undefined;
  if (answer.status === 401) return toLogin();
  fault = answer.ok ? null : answer;
  if (answer.ok) {
    sessions = answer.sessions ?? sessions;
    entries = [...entries, ...answer.entries];
    before = answer.before;
  }
  return words();
}

/** @param {Session} session */
function sessionItem(session) {
  const end = session.present ? t("my_record.present") : session.ended_at ? t("my_record.ended", { time: i18n.dateAndTime(session.ended_at) }) : t("my_record.used", { time: i18n.dateAndTime(session.used_at) });
  return h("li", {}, h("time", { datetime: session.created_at }, i18n.dateAndTime(session.created_at)), h("span", {}, end), h("span", {}, session.address), h("span", { class: "detail" }, named(session.browser) || t("account.unknown_browser")));
}

function words() {
  drawPagesMenu();
  document.title = `${t("my_record.title")} – ${t("app.name")}`;
  setText(at("title"), t("my_record.title"));
  setText(at("about"), t("my_record.about"));
  setText(at("sessions-title"), t("my_record.sessions"));
  setText(at("entries-title"), t("my_record.entries"));
  at("sessions").replaceChildren(...sessions.map(sessionItem));
  showEntries(entries, before, fault);
}
