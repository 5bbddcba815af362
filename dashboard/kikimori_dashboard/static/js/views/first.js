// The page of a one-time link: the first administrator's account, or a login without a password.
//
// The token stands behind the # of the address, so that opening the page uses nothing up; the button does.

import { byId as at, setText, show } from "../components/dom.js";
import * as i18n from "../store/i18n.js";
import { applyTheme } from "../store/preferences.js";
import { me, next, refused, send } from "../store/session.js";

const { t } = i18n;
const [kind, token] = location.hash.slice(1).split(".");
const first = kind === "first";
/** @type {(() => string) | null} */
let fault = token ? null : () => t("login.link_over");

applyTheme();
await i18n.start();
// Out of the address, so that no history and no screen keeps it.
history.replaceState(null, "", location.pathname + location.search);

function words() {
  document.title = `${t(first ? "first.title" : "first.enter_title")} – ${t("app.name")}`;
  setText(at("app-name"), t("app.name"));
  setText(at("title"), t(first ? "first.title" : "first.enter_title"));
  setText(at("intro"), t(first ? "first.intro" : "first.enter_intro"));
  setText(at("name-label"), t("first.name"));
  setText(at("login-label"), t("login.name"));
  setText(at("password-label"), t("login.password"));
  setText(at("password-hint"), t("account.password_hint"));
  setText(at("supervisor-label"), t("first.supervisor"));
  setText(at("send"), t(first ? "first.send" : "first.enter"));
  setText(at("language"), t("ui.language"));
  setText(at("fault"), fault ? fault() : "");
  show(at("fault"), fault !== null);
}

/** @param {Event} event */
async function use(event) {
  event.preventDefault();
  const button = at("send", HTMLButtonElement);
  button.disabled = true;
  const value = (/** @type {string} */ id) => at(id, HTMLInputElement).value;
  const body = { token, name: value("name").trim(), login: value("login").trim(), password: value("password"), supervisor: at("supervisor", HTMLInputElement).checked };
  const answer = first ? await send("/api/first", body) : await send("/api/link", { token });
  button.disabled = false;
  if (answer.ok && (await me().catch(() => null)) !== null) return location.replace(answer.must_change ? "/account" : next(answer.home));
  fault = answer.ok ? () => t("login.no_cookie") : () => refused(answer);
  words();
  return undefined;
}

// The same page with another link behind the #: the browser does not load it anew.
addEventListener("hashchange", () => { if (location.hash) location.reload(); });
at("form").addEventListener("submit", use);
at("language").addEventListener("click", async () => { await i18n.toggle(); words(); });
words();
show(at("fields"), first);
for (const id of ["name", "login", "password"]) at(id, HTMLInputElement).required = first;
show(at("send"), Boolean(token));
show(at("form"), true);
(first ? at("name") : at("send")).focus();
