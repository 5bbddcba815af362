// The supervisor's page.

import { banners, showBanners } from "../components/banners.js";
import { Bell } from "../components/bell.js";
import { Board } from "../components/board.js";
import { who } from "../components/call_names.js";
import * as chime from "../components/chime.js";
import { fill, h, setText, show } from "../components/dom.js";
import { Drawn } from "../store/drawn.js";
import { openKeys, register } from "../components/keys.js";
import * as i18n from "../store/i18n.js";
import { ringsFor, showHandover } from "../components/handover_banner.js";
import { loadReasons } from "../store/help_reasons.js";
import { Inbox } from "../components/inbox.js";
import { Lane } from "../components/lane.js";
import { urgentCalls } from "../store/lanes.js";
import * as marks from "../components/marks.js";
import { drawMissed } from "../components/missed.js";
import { Panel } from "../components/panel.js";
import { Picture } from "../store/picture.js";
import { applyTheme, theme, write } from "../store/preferences.js";
import { TO_OWN_TELEPHONE } from "../store/press.js";
import { rank } from "../store/rank.js";
import { Rows } from "../components/rows.js";
import { me, toLogin } from "../store/session.js";
import { look, shape } from "../components/severity.js";
import { Strip, drawOutside } from "../components/strip.js";
import * as telephone from "../components/telephone.js";
import * as unanswered from "../components/unanswered.js";
import { WhoBar } from "../components/who_bar.js";

const { t } = i18n;
const at = (id) => document.getElementById(id);
const LATEST_MS = 250; // a page that gets no frames is drawn all the same

applyTheme();
await i18n.start();
let person; // who is signed in, once that is known
const whoBar = new WhoBar(at("who"));
showPerson();

const board = new Board(
  { cards: at("cards"), waiting: at("waiting"), lane: at("lane"), rows: at("rows") },
  { telephoneChanged: () => words(), selected: (callId) => { panel.show(callId); sayLook(); } },
);
const panel = new Panel(at("panel"), board);
const lane = new Lane(at("lane"), board);
const rows = new Rows(at("rows"), board, at("switch"));
const strip = new Strip(at("strip"), board);
const inbox = new Inbox(at("inbox"), (callId) => board.goTo(callId));
const bell = new Bell(at("sound"), at("ask-sound"));
const announced = new Map(); // alert → worst severity that was announced
const returned = new Set(); // calls that came back from hold and were announced
let first = true;
let due = false;
let siteInUse = null; // whose language and time zone the page has

const picture = new Picture((atOnce) => {
  if (atOnce) {
    refresh();
    return;
  }
  // Several messages may come within one frame; a hidden page gets no frames, but must still count and announce.
  if (due) return;
  due = true;
  const run = () => { if (due) refresh(); };
  requestAnimationFrame(run);
  setTimeout(run, LATEST_MS);
}, { look: true });

const drawn = new Drawn(picture);

function refresh() {
  due = false;
  if (picture.known && picture.site !== siteInUse) useSite();
  draw();
}

async function useSite() {
  siteInUse = picture.site;
  if (!(await i18n.useSite(siteInUse))) return;
  words();
  drawAll();
}

function drawAll() {
  picture.dirty.all = true;
  draw();
}

function draw() {
  const changes = picture.takeChanges();
  if (picture.known) {
    drawCalls(changes);
    drawn.report();
  }
  showBanners(at("banners"), banners(picture), board.hands.on());
  drawState();
}

function drawCalls(changes) {
  setText(at("site"), picture.site.name);
  board.update(picture, changes);
  lane.update(picture, changes);
  rows.update(picture, changes);
  panel.update(picture, changes);
  sayLook();
  picture.age.drawn(picture.seq);
  if (changes.all || changes.calls.size) {
    showHandover(at("handover"), ringsFor(picture, person, telephone.own()));
    drawTelephone();
    announce();
    inbox.update(picture);
    drawOutside(urgentCalls(picture).length);
  }
  if (changes.all || changes.closed) drawClosed();
  drawMissed(at("missed"), picture.missed);
}

/** Says which calls are drawn: of others no levels come. */
function sayLook() {
  picture.look({ cards: board.shown(), rows: rows.shown(), whole: panel.callId });
}

/** How far what is shown can be trusted, and the worst of it. */
function drawState() {
  drawLink();
  strip.draw(picture);
}

function drawLink() {
  const [mood, text] = !picture.linked ? [picture.known ? "bad" : "wait", t("link.connecting")]
    : !picture.site.broker_connected ? ["bad", t("link.broker_short")]
      : picture.age.late() ? ["late", t("link.behind", { seconds: Math.floor(picture.age.ms() / 1000) })]
        : ["good", t("link.live")];
  at("link").dataset.mood = mood;
  setText(at("link"), text);
  const ms = picture.linked ? picture.age.ms() : null;
  setText(at("freshness"), ms === null || picture.age.late() ? "" : t("link.fresh", { seconds: (ms / 1000).toFixed(1) }));
}

/** Once a PBX can ring the own telephone its button stays, so that the page's head keeps its height. */
function drawTelephone() {
  if (!at("telephone").hidden || board.hands.on()) return;
  show(at("telephone"), Object.values(picture.calls).some((call) => TO_OWN_TELEPHONE.some((action) => call.capabilities.includes(action))));
}

function drawClosed() {
  const closed = picture.closed;
  show(at("closed"), closed.length > 0);
  setText(at("closed-title"), `${t("section.closed")} (${closed.length})${picture.closedMore ? ` ${t("left_out.closed", { n: picture.closedMore })}` : ""}`);
  fill(at("closed-list"), JSON.stringify([closed.map((each) => [each.alert_id, each.revision, marks.marksKey(each)]), i18n.current()]), () =>
    closed.map((alert) => h("li", {},
      h("time", {}, i18n.timeOfDay(alert.updated_at)),
      h("span", { class: "shape", dataset: { severity: look(alert.severity) }, "aria-hidden": "true" }, shape(alert.severity)),
      h("span", {}, `${alert.operator.name ?? alert.operator.number ?? t("call.unknown_operator")}　${i18n.title(alert.title)}`),
      h("span", { class: "because" }, alert.closed_because ? i18n.word("closed", alert.closed_because) : ""),
      marks.marksRow(alert, drawClosed))));
}

/** Says aloud, and by sound, what is new since the last time; not what was there when the page opened. */
function announce() {
  const news = [];
  for (const alert of Object.values(picture.alerts)) {
    const before = announced.get(alert.alert_id) ?? -1;
    const now = rank(alert.severity);
    if (now > before) {
      announced.set(alert.alert_id, now);
      if (now >= 1) news.push(alert);
    }
  }
  for (const id of announced.keys()) if (announced.size > 2000) announced.delete(id);
  if (news.length && !first) {
    const worst = news.reduce((a, b) => (rank(b.severity) > rank(a.severity) ? b : a));
    const call = picture.calls[worst.call_id];
    setText(at("announcer"), t("announce.alert", { severity: i18n.word("severity", worst.severity), who: call ? who(call) : "", title: i18n.title(worst.title) }));
    if (news.some(unanswered.ringsFirst)) chime.play(worst.severity);
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
  setText(at("note"), t("ui.evidence_note"));
  setText(at("keys"), t("keys.open"));
  at("strip").setAttribute("aria-label", t("strip.label"));
  at("ask-sound").setAttribute("aria-label", t("strip.sound_label"));
  setText(at("language"), t("ui.language"));
  setText(at("theme"), t(theme() === "dark" ? "ui.theme_light" : "ui.theme_dark"));
  setText(at("inbox-title"), t("inbox.title"));
  bell.words();
  telephone.label(at("telephone"));
  whoBar.words();
}

at("language").addEventListener("click", async () => { await i18n.toggle(); words(); drawAll(); });
at("theme").addEventListener("click", () => { write("theme", theme() === "dark" ? "light" : "dark"); applyTheme(); words(); });
at("telephone").addEventListener("click", () => telephone.ask(words));

for (const [key, textKey] of [["j", "keys.next"], ["ArrowDown", "keys.next"], ["k", "keys.previous"], ["ArrowUp", "keys.previous"], ["Enter", "keys.select"], ["t", "keys.main"], ["Escape", "keys.cancel"]]) register(key, textKey);
at("keys").addEventListener("click", openKeys);

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  const callId = board.current();
  const onButton = event.target.closest("button, summary, a");
  if (event.key === "j" || event.key === "ArrowDown" || event.key === "ArrowRight") board.step(1);
  else if (event.key === "k" || event.key === "ArrowUp" || event.key === "ArrowLeft") board.step(-1);
  else if (event.key === "Enter" && callId !== null && !onButton) board.select(callId);
  else if (event.key === "t" && !event.repeat) board.pressMain();
  else if (event.key === "Escape") {
    if (!board.cancel()) board.select(null);
  } else return;
  event.preventDefault();
});

/** Shows who is signed in; whom the server lets press nothing gets no buttons. */
async function showPerson() {
  person = await me().catch(() => undefined);
  if (person === null) toLogin();
  if (!person) return;
  whoBar.show(person);
  unanswered.start(person.teams);
  document.body.dataset.presses = person.roles.includes("supervisor") ? "yes" : "no";
}

function tick() {
  drawState();
  if (!picture.known) return;
  const now = picture.linked ? picture.now() : Date.parse(picture.heardAt);
  board.tick(now);
  lane.tick(now);
  rows.tick(now);
  panel.tick(now);
  if (picture.linked) unanswered.tick(Object.values(picture.alerts), now);
  sayLook();
  setText(at("clock"), i18n.timeOfDay(picture.now()));
}
setInterval(tick, 500);

words();
draw();
picture.connect();
marks.start(drawAll);
loadReasons().then(drawAll);
