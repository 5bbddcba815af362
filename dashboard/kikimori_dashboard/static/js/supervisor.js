// The supervisor's page.

import { banners, showBanners } from "./banners.js";
import { Board } from "./board.js";
import { look, shape, who } from "./card.js";
import * as chime from "./chime.js";
import { fill, h, setText, show } from "./dom.js";
import * as i18n from "./i18n.js";
import { drawMissed } from "./missed.js";
import { Picture } from "./picture.js";
import { applyTheme, theme, write } from "./preferences.js";
import { TO_OWN_TELEPHONE } from "./press.js";
import * as telephone from "./telephone.js";

const { t } = i18n;
const at = (id) => document.getElementById(id);
const RANK = { notice: 0, warning: 1, critical: 2 };
const rank = (alert) => RANK[alert.severity] ?? RANK.warning;

applyTheme();
await i18n.start();

const board = new Board(at("attention"), at("calls"), () => words());
const announced = new Map(); // alert → worst severity that was announced
const returned = new Set(); // calls that came back from hold and were announced
let first = true;
let drawing = false;

const picture = new Picture(() => {
  // Several messages may come within one frame; a hidden page gets no frames, but must still count and announce.
  if (drawing) return;
  drawing = true;
  queueMicrotask(async () => {
    drawing = false;
    if (picture.known && (await i18n.useSite(picture.site))) words();
    draw();
  });
});

function draw() {
  showBanners(at("banners"), banners(picture));
  drawLink();
  if (!picture.known) return;
  setText(at("site"), picture.site.name);
  show(at("telephone"), Object.values(picture.calls).some((call) => TO_OWN_TELEPHONE.some((action) => call.capabilities.includes(action))));
  board.update(picture);
  drawStrip();
  drawMissed(at("missed"), picture.missed);
  drawClosed();
  announce();
  tick();
}

function drawLink() {
  const mood = !picture.linked ? (picture.known ? "bad" : "wait") : picture.site.broker_connected ? "good" : "bad";
  const text = mood === "good" ? "link.live" : mood === "wait" || !picture.linked ? "link.connecting" : "link.broker_short";
  at("link").dataset.mood = mood;
  setText(at("link"), t(text));
}

function drawStrip() {
  const calls = Object.values(picture.calls);
  const urgent = board.wanted().map((each) => picture.calls[each.callId]).filter((call) => call.urgency >= 2);
  const handled = calls.filter((call) => call.status === "transferred").length;
  const worst = urgent[0];
  const mood = worst ? look(worst.severity) : "calm";
  const count = (severity) => urgent.filter((call) => look(call.severity) === severity).length;
  const reasons = worst ? [...new Set([...(worst.returned ? [t("strip.returned")] : []), ...picture.alertsOf(worst.call_id).map((alert) => i18n.title(alert.title))])].join(" ・ ") : "";
  at("strip").dataset.severity = mood;
  const key = JSON.stringify([worst?.call_id, worst?.operator, reasons, urgent.map((call) => call.severity), calls.length, handled, i18n.current()]);
  fill(at("strip"), key, () => {
    const totals = h("span", { class: "totals" }, t("strip.calls", { n: calls.length }), handled ? ` ・ ${t("strip.handled", { n: handled })}` : null);
    if (!worst) {
      return [h("strong", { class: "headline" }, h("span", { class: "shape", "aria-hidden": "true" }, "✓"), t(calls.length ? "strip.calm" : "strip.no_calls")), calls.length ? totals : null].filter(Boolean);
    }
    const counts = ["critical", "warning"].filter((each) => count(each)).map((each) =>
      h("span", { class: "count", dataset: { severity: each } }, h("span", { class: "shape", "aria-hidden": "true" }, shape(each)), `${t(`severity.${each}`)} `, h("b", {}, String(count(each)))));
    return [
      ...counts,
      h("strong", { class: "headline" }, `${who(worst)} `, h("span", {}, reasons)),
      h("button", { type: "button", class: "goto", onclick: () => board.select(worst.call_id) }, t("strip.show")),
      totals,
    ];
  });
  document.title = `${urgent.length ? `(${urgent.length}) ${t("severity.warning")} – ` : ""}${t("app.name")}`;
  const icon = document.querySelector("link[rel=icon]");
  const href = urgent.length ? "/static/icon-alert.svg" : "/static/icon.svg";
  if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
  if (urgent.length) navigator.setAppBadge?.(urgent.length).catch(() => {});
  else navigator.clearAppBadge?.().catch(() => {});
}

function drawClosed() {
  const closed = picture.closed;
  show(at("closed"), closed.length > 0);
  setText(at("closed-title"), `${t("section.closed")} (${closed.length})${picture.closedMore ? ` ${t("left_out.closed", { n: picture.closedMore })}` : ""}`);
  fill(at("closed-list"), JSON.stringify([closed.map((each) => [each.alert_id, each.revision]), i18n.current()]), () =>
    closed.map((alert) => h("li", {},
      h("time", {}, i18n.timeOfDay(alert.updated_at)),
      h("span", { class: "shape", dataset: { severity: look(alert.severity) }, "aria-hidden": "true" }, shape(alert.severity)),
      h("span", {}, `${alert.operator.name ?? alert.operator.number ?? t("call.unknown_operator")}　${i18n.title(alert.title)}`),
      h("span", { class: "because" }, alert.closed_because ? i18n.word("closed", alert.closed_because) : ""))));
}

/** Says aloud, and by sound, what is new since the last time; not what was there when the page opened. */
function announce() {
  const news = [];
  for (const alert of Object.values(picture.alerts)) {
    const before = announced.get(alert.alert_id) ?? -1;
    if (rank(alert) > before) {
      announced.set(alert.alert_id, rank(alert));
      if (rank(alert) >= 1) news.push(alert);
    }
  }
  for (const id of announced.keys()) if (announced.size > 2000) announced.delete(id);
  if (news.length && !first) {
    const worst = news.reduce((a, b) => (rank(b) > rank(a) ? b : a));
    const call = picture.calls[worst.call_id];
    setText(at("announcer"), t("announce.alert", { severity: i18n.word("severity", worst.severity), who: call ? who(call) : "", title: i18n.title(worst.title) }));
    chime.play(worst.severity);
  }
  const back = Object.values(picture.calls).filter((call) => call.returned && !returned.has(call.call_id));
  if (back.length && !first) {
    setText(at("announcer"), t("announce.alert", { severity: t("severity.warning"), who: who(back[0]), title: t("call.returned") }));
    chime.play("warning");
  }
  returned.clear();
  for (const call of Object.values(picture.calls)) if (call.returned) returned.add(call.call_id);
  first = false;
}

/** Everything that is words and does not come from the picture. */
function words() {
  setText(at("app-name"), t("app.name"));
  setText(at("page-name"), t("app.supervisor"));
  setText(at("attention-title"), t("section.attention"));
  setText(at("calls-title"), t("section.calls"));
  setText(at("note"), t("ui.evidence_note"));
  setText(at("keys"), t("ui.keys"));
  setText(at("language"), t("ui.language"));
  setText(at("theme"), t(theme() === "dark" ? "ui.theme_light" : "ui.theme_dark"));
  setText(at("sound"), t(chime.enabled() ? "ui.sound_off" : "ui.sound_on"));
  telephone.label(at("telephone"));
}

at("language").addEventListener("click", async () => { await i18n.toggle(); words(); draw(); });
at("theme").addEventListener("click", () => { write("theme", theme() === "dark" ? "light" : "dark"); applyTheme(); words(); });
at("telephone").addEventListener("click", () => telephone.ask(words));
at("sound").addEventListener("click", () => { chime.toggle(); words(); });

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  const card = board.current();
  const onButton = event.target.closest("button, summary");
  if (event.key === "j" || event.key === "ArrowDown" || event.key === "ArrowRight") board.step(1);
  else if (event.key === "k" || event.key === "ArrowUp" || event.key === "ArrowLeft") board.step(-1);
  else if (event.key === "Enter" && card && !onButton) board.toggle(card);
  else if (event.key === "t" && card && !event.repeat) card.actions.buttons.querySelector(".primary")?.click();
  else if (event.key === "Escape") {
    if (!card?.actions.cancel() && card?.opened) board.toggle(card);
  } else return;
  event.preventDefault();
});

function tick() {
  if (!picture.known) return;
  board.tick(picture.linked ? picture.now() : Date.parse(picture.heardAt));
  setText(at("clock"), i18n.timeOfDay(picture.now()));
}
setInterval(tick, 500);

words();
draw();
picture.connect();
