// Binds an operator's PC to an extension by an administrator's one-time code.

import { byId as at, setText, show } from "../components/dom.js";
import { refusalText } from "../components/form.js";
import * as i18n from "../store/i18n.js";
import { applyTheme, write } from "../store/preferences.js";
import { send } from "../store/session.js";

const { t } = i18n;
/** @type {import("../store/session.js").Answer | null} */
let fault = null; // the refusal that is shown

applyTheme();
await i18n.start();

function words() {
  document.title = `${t("kiosk.title")} – ${t("app.name")}`;
  for (const [id, key] of [["app-name", "app.name"], ["title", "kiosk.title"], ["intro", "kiosk.intro"], ["code-label", "kiosk.code"], ["name-label", "kiosk.name"], ["name-hint", "kiosk.name_hint"], ["send", "kiosk.send"], ["language", "ui.language"]]) setText(at(id), t(key));
  show(at("fault"), fault !== null);
  setText(at("fault"), fault ? refusalText(fault) : "");
}

at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = at("send", HTMLButtonElement);
  button.disabled = true;
  const answer = await send("/api/kiosk", { code: at("code", HTMLInputElement).value, name: at("name", HTMLInputElement).value });
  button.disabled = false;
  fault = answer.ok ? null : answer;
  words();
  if (!answer.ok) return at("code", HTMLInputElement).select();
  write("extension", answer.extension);
  location.replace(`${answer.home}?ext=${encodeURIComponent(answer.extension)}`);
  return undefined;
});
at("language").addEventListener("click", async () => { await i18n.toggle(); words(); });
words();
show(at("form"), true); // not before: nobody would hear Enter
at("code").focus();
