// The login page.

import { byId as at, setText, show } from "../components/dom.js";
import * as i18n from "../store/i18n.js";
import { applyTheme } from "../store/preferences.js";
import { me, next, refused, send } from "../store/session.js";

const { t } = i18n;
/** @type {(() => string) | null} */
let fault = null; // text of what went wrong
/** @type {number | null} */
let left = null; // recovery codes left, where one was used just now
const over = new URLSearchParams(location.search).has("over"); // a page led here as its session is over

applyTheme();
await i18n.start();

function words() {
  document.title = `${t("login.title")} – ${t("app.name")}`;
  setText(at("app-name"), t("app.name"));
  setText(at("title"), t("login.title"));
  setText(at("login-label"), t("login.name"));
  setText(at("password-label"), t("login.password"));
  setText(at("code-label"), t("login.code"));
  setText(at("code-hint"), t("login.code_hint"));
  setText(at("send"), t("login.send"));
  setText(at("help"), t("login.help"));
  setText(at("over"), [t("login.no_session"), next("").startsWith("/operator") ? t("login.meanwhile") : ""].join(""));
  show(at("over"), over && fault === null);
  setText(at("language"), t("ui.language"));
  setText(at("codes-left"), left === null ? "" : t(left ? "login.codes_left" : "login.codes_none", { n: left }));
  at("codes-left").className = left === 0 ? "fault" : "good";
  setText(at("go-on"), t("login.go_on"));
  setText(at("fault"), fault ? fault() : "");
  show(at("fault"), fault !== null);
}

/** @param {(() => string) | null} text */
function failed(text) {
  fault = text;
  words();
}

/** @param {Event} event */
async function enter(event) {
  event.preventDefault();
  const button = at("send", HTMLButtonElement);
  button.disabled = true;
  const answer = await send("/api/login", { login: at("login", HTMLInputElement).value, password: at("password", HTMLInputElement).value, code: at("code", HTMLInputElement).value });
  button.disabled = false;
  if (answer.ok) return cameIn(answer);
  if (answer.reason === "code_needed") {
    show(at("code-field"), true);
    at("code").focus();
    return failed(null);
  }
  failed(() => refused(answer));
  at(answer.reason === "wrong_code" ? "code" : "password", HTMLInputElement).select();
  return undefined;
}

/**
 * The cookie must come back, or no page will open: Safari takes none of this kind over plain HTTP.
 * @param {import("../store/session.js").Answer} answer
 */
async function cameIn({ home, must_change: mustChange, recovery_codes: codes = null }) {
  if ((await me().catch(() => null)) === null) return failed(() => t("login.no_cookie"));
  const goOn = () => location.replace(mustChange ? "/account" : next(home));
  if (codes === null) return goOn();
  left = codes;
  words();
  show(at("form"), false);
  show(at("used"), true);
  at("go-on").addEventListener("click", goOn);
  at("go-on").focus();
  return undefined;
}

at("form").addEventListener("submit", enter);
at("language").addEventListener("click", async () => { await i18n.toggle(); words(); });
words();
show(at("form"), true);
at("login").focus();
