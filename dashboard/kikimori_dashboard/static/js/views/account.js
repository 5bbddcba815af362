// The own account: password, sign out here and everywhere.

import { byId as at, setText, show } from "../components/dom.js";
import { Factor } from "../components/factor.js";
import { drawPagesMenu } from "../components/pages_menu.js";
import * as i18n from "../store/i18n.js";
import { applyTheme } from "../store/preferences.js";
import { me, refused, send, signOut, toLogin } from "../store/session.js";
import { Sessions } from "../components/sessions.js";

const { t } = i18n;
/** @type {(() => string) | null} */
let fault = null; // text of what went wrong
let done = false;

applyTheme();
await i18n.start();
const factor = new Factor(at("factor"), refresh);
const sessions = new Sessions(at("sessions"));
/** @type {import("../store/session.js").SignedIn} */
let person;
const found = await me();
if (found === null) {
  toLogin();
} else {
  person = found;
  begin();
}

function words() {
  drawPagesMenu(person);
  document.title = `${t("account.title")} – ${t("app.name")}`;
  setText(at("app-name"), t("app.name"));
  setText(at("title"), t("account.title"));
  setText(at("person"), [person.name, person.roles.map((each) => i18n.word("people.role", each)).join(t("account.and"))].filter(Boolean).join("　"));
  setText(at("back"), t("account.back"));
  setText(at("sign-out"), t("account.sign_out"));
  setText(at("sign-out-everywhere"), t("account.sign_out_everywhere"));
  setText(at("password-title"), t("account.change_password"));
  setText(at("must"), t("account.must_change"));
  setText(at("present-label"), t("account.present"));
  setText(at("new-label"), t("account.new"));
  setText(at("new-hint"), t("account.password_hint"));
  setText(at("send"), t("account.change"));
  setText(at("done"), t("account.changed"));
  setText(at("language"), t("ui.language"));
  setText(at("fault"), fault ? fault() : "");
  show(at("fault"), fault !== null);
  show(at("done"), done);
  show(at("must"), person.must_change);
  show(at("back"), person.home !== "/account" && !person.must_change && !person.must_enroll);
  show(at("form"), person.person_id !== null);
  at("back", HTMLAnchorElement).href = person.home;
  factor.words();
  sessions.words();
}

/** Asks again who is signed in: what had to be done first may be done. */
async function refresh() {
  person = (await me()) ?? person;
  words();
  await sessions.load();
}

/** @param {Event} event */
async function change(event) {
  event.preventDefault();
  const button = at("send", HTMLButtonElement);
  button.disabled = true;
  const answer = await send("/api/me/password", { present: at("present", HTMLInputElement).value, new: at("new", HTMLInputElement).value });
  button.disabled = false;
  done = answer.ok;
  fault = answer.ok ? null : () => refused(answer);
  if (answer.status === 401) return toLogin();
  if (answer.ok) at("form", HTMLFormElement).reset();
  words();
  if (answer.ok) await refresh();
  return undefined;
}

function begin() {
  at("form").addEventListener("submit", change);
  at("sign-out").addEventListener("click", () => signOut());
  at("sign-out-everywhere").addEventListener("click", () => signOut(true));
  at("language").addEventListener("click", async () => { await i18n.toggle(); words(); });
  words();
  if (person.person_id === null) return;
  factor.load();
  sessions.load();
}
