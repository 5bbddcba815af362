// The supervisor's page.

import { banners, showBanners } from "../components/banners.js";
import { Announcer } from "../components/announcer.js";
import { Bell } from "../components/bell.js";
import { Board } from "../components/board.js";
import { Closed } from "../components/closed.js";
import { byId, setText, show } from "../components/dom.js";
import { showEndings } from "../components/ending_banner.js";
import { inFrame } from "../components/frames.js";
import { ringsFor, showHandover } from "../components/handover_banner.js";
import { followPresses } from "../components/held_press.js";
import { Inbox } from "../components/inbox.js";
import { openKeys, register } from "../components/keys.js";
import { Lane } from "../components/lane.js";
import * as marks from "../components/marks.js";
import { drawMissed } from "../components/missed.js";
import { Panel } from "../components/panel.js";
import { Rings } from "../components/ringing.js";
import { Rows } from "../components/rows.js";
import { Strip, drawOutside } from "../components/strip.js";
import * as telephone from "../components/telephone.js";
import * as unanswered from "../components/unanswered.js";
import { WhoBar } from "../components/who_bar.js";
import { Drawn } from "../store/drawn.js";
import { loadEndingReasons } from "../store/ending.js";
import { loadReasons } from "../store/help_reasons.js";
import * as i18n from "../store/i18n.js";
import { urgentCalls } from "../store/lanes.js";
import { Picture } from "../store/picture.js";
import { applyTheme, theme, write } from "../store/preferences.js";
import { TO_OWN_TELEPHONE } from "../store/press.js";
import { me, toLogin } from "../store/session.js";

const { t } = i18n;
const TICK_MS = 500; // by turns for the rows and for the rest: a frame with all clocks in it is the longest of all
const TICK_WAITS_MS = 150; // clocks are drawn with the next change, so that there is no frame for them alone; not later than this

applyTheme();
await i18n.start();
/** @type {import("../store/session.js").SignedIn | undefined} who is signed in, once that is known */
let person;
const whoBar = new WhoBar(byId("who"));
showPerson();

const board = new Board(
  { cards: byId("cards"), waiting: byId("waiting", HTMLDetailsElement), lane: byId("lane"), rows: byId("rows") },
  { telephoneChanged: () => words(), endingWanted: (callId) => panel.askEnding(callId), selected: (callId) => { panel.show(callId); sayLook(); }, drawsOthers: () => sayLook() },
);
const panel = new Panel(byId("panel"), board);
const lane = new Lane(byId("lane"), board);
const rows = new Rows(byId("rows"), board, byId("switch"));
const strip = new Strip(byId("strip"), board);
const rings = new Rings(byId("ringing"), () => document.body.dataset.presses === "yes");
const inbox = new Inbox(byId("inbox"), (callId) => { if (!rings.goTo(callId)) board.goTo(callId); });
const closed = new Closed(byId("closed"), byId("closed-title"), byId("closed-list"));
const announcer = new Announcer(byId("announcer"));
const bell = new Bell(byId("sound"), byId("ask-sound"));
/** @type {import("../store/picture.js").Site | null} whose language and time zone the page has */
let siteInUse = null;
/** @type {"rows" | "rest" | null} whose clocks are drawn with the next change */
let clocksDue = null;

const picture = new Picture((atOnce) => (atOnce ? draw() : inFrame(draw)), { look: true });
const drawn = new Drawn(picture);

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
  if (picture.known && picture.site !== siteInUse) useSite();
  if (clocksDue === "rows") rows.measure(); // before anything is written: the page is laid out
  const changes = picture.takeChanges();
  const calls = changes.all || changes.calls.size > 0;
  marks.follow(picture.linked);
  if (picture.known) drawCalls(changes, calls);
  if (changes.all || changes.agents || changes.missed || clocksDue === "rest") showBanners(byId("banners"), banners(picture), board.hands.on());
  if (calls || changes.agents || clocksDue === "rest") strip.draw(picture);
  if (changes.all || clocksDue === "rest") drawLink();
  if (clocksDue) drawClocks();
}

/**
 * @param {import("../store/picture.js").Changes} changes
 * @param {boolean} calls whether any calls, presses or alerts differ
 */
function drawCalls(changes, calls) {
  board.update(picture, changes);
  lane.update(picture, changes);
  rows.update(picture, changes);
  panel.update(picture, changes);
  if (picture.seq !== null) picture.age.drawn(picture.seq);
  if (calls) {
    setText(byId("site"), picture.site.name);
    showHandover(byId("handover"), ringsFor(picture, person, telephone.own()));
    const proposals = showEndings(byId("endings"), picture, marks.presses() ? marks.viewer().person_id : null, (callId) => panel.bring(callId));
    drawTelephone();
    announcer.update(picture, proposals);
    inbox.update(picture);
    drawOutside(urgentCalls(picture).length);
    sayLook();
  }
  if (calls || changes.ringing) rings.update(picture);
  if (changes.ringing && !calls) inbox.update(picture);
  if (changes.all || changes.closed) closed.update(picture.closed, picture.closedMore);
  if (changes.all || changes.missed) drawMissed(byId("missed"), picture.missed);
  if (calls || changes.closed || changes.missed) inFrame(report);
}

const report = () => drawn.report();

/** Says which calls are drawn: of others no levels come. */
function sayLook() {
  picture.look({ cards: board.shown(), rows: rows.shown(), whole: panel.callId });
}

/** How far what is shown can be trusted. */
function drawLink() {
  const [mood, text] = !picture.linked ? [picture.known ? "bad" : "wait", t("link.connecting")]
    : !picture.site.broker_connected ? ["bad", t("link.broker_short")]
      : picture.age.late() ? ["late", t("link.behind", { seconds: Math.floor((picture.age.ms() ?? 0) / 1000) })]
        : ["good", t("link.live")];
  const link = byId("link");
  if (link.dataset.mood !== mood) link.dataset.mood = mood;
  setText(link, text);
  const ms = picture.linked ? picture.age.ms() : null;
  setText(byId("freshness"), ms === null || picture.age.late() ? "" : t("link.fresh", { seconds: (ms / 1000).toFixed(1) }));
}

/** Once a PBX can ring the own telephone its button stays, so that the page's head keeps its height. */
function drawTelephone() {
  const button = byId("telephone");
  if (!button.hidden || board.hands.on()) return;
  show(button, Object.values(picture.calls).some((call) => TO_OWN_TELEPHONE.some((action) => call.capabilities.includes(action))));
}

/** Everything that is words and does not come from the picture. */
function words() {
  setText(byId("app-name"), t("app.name"));
  setText(byId("page-name"), t("app.supervisor"));
  setText(byId("attention-title"), t("section.attention"));
  setText(byId("note"), t("ui.evidence_note"));
  setText(byId("keys"), t("keys.open"));
  setText(byId("history"), t("history.title"));
  byId("history").title = t("history.beside");
  byId("strip").setAttribute("aria-label", t("strip.label"));
  byId("ask-sound").setAttribute("aria-label", t("strip.sound_label"));
  setText(byId("language"), t("ui.language"));
  setText(byId("theme"), t(theme() === "dark" ? "ui.theme_light" : "ui.theme_dark"));
  setText(byId("inbox-title"), t("inbox.title"));
  bell.words();
  telephone.label(byId("telephone"));
  whoBar.words();
}

byId("language").addEventListener("click", async () => { await i18n.toggle(); words(); drawAll(); });
byId("theme").addEventListener("click", () => { write("theme", theme() === "dark" ? "light" : "dark"); applyTheme(); words(); });
byId("telephone").addEventListener("click", () => telephone.ask(words));

for (const [key, textKey] of [["j", "keys.next"], ["ArrowDown", "keys.next"], ["k", "keys.previous"], ["ArrowUp", "keys.previous"], ["Enter", "keys.select"], ["t", "keys.main"], ["l", "keys.listen"], ["r", "keys.rewind"], ["h", "keys.history"], ["Escape", "keys.cancel"]]) register(key, textKey);
byId("keys").addEventListener("click", openKeys);

addEventListener("keydown", (event) => {
  const { target } = event;
  if (!(target instanceof Element) || event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog")) return;
  const callId = board.current();
  const onButton = target.closest("button, summary, a");
  if (event.key === "j" || event.key === "ArrowDown" || event.key === "ArrowRight") board.step(1);
  else if (event.key === "k" || event.key === "ArrowUp" || event.key === "ArrowLeft") board.step(-1);
  else if (event.key === "Enter" && callId !== null && !onButton) board.select(callId);
  else if (event.key === "t" && !event.repeat) board.pressMain();
  else if ((event.key === "l" || event.key === "r") && !event.repeat) board.listen(event.key === "l" ? "live" : "past");
  else if (event.key === "h" && !event.repeat && !byId("history").hidden) byId("history").click();
  else if (event.key === "Escape") {
    if (!panel.ending.cancel() && !board.cancel()) board.select(null);
  } else return;
  event.preventDefault();
});

/** Shows who is signed in; whom the server lets press nothing gets no buttons. */
async function showPerson() {
  const known = await me().catch(() => undefined);
  if (known === null) toLogin();
  if (!known) return;
  person = known;
  whoBar.show(person);
  show(byId("history"), person.pages.includes("/history"));
  unanswered.start(person.teams);
  document.body.dataset.presses = person.roles.includes("supervisor") ? "yes" : "no";
}

/** Everything that goes on by itself. */
function drawClocks() {
  const turn = clocksDue;
  clocksDue = null;
  if (!picture.known) return;
  const now = picture.linked ? picture.now() : Date.parse(picture.heardAt);
  if (turn === "rows") {
    rows.tick(now);
    sayLook();
    return;
  }
  board.tick(now);
  lane.tick(now);
  rings.tick(now);
  panel.tick(now);
  if (picture.linked) unanswered.tick(Object.values(picture.alerts), now);
  sayLook();
  setText(byId("clock"), i18n.timeOfDay(picture.now()));
}

let ticks = 0;
setInterval(() => {
  ticks += 1;
  clocksDue = ticks % 2 ? "rest" : "rows";
  setTimeout(() => { if (clocksDue) inFrame(draw); }, TICK_WAITS_MS);
}, TICK_MS);

words();
draw();
followPresses(drawAll);
picture.connect();
marks.start(drawAll);
loadReasons().then(drawAll);
loadEndingReasons().then(drawAll);
