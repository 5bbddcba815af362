// A recorded call: its words, its sound, its alerts, and what people noted on it.

import { Controls } from "../components/controls.js";
import { byId as at, fill, h, setText, show } from "../components/dom.js";
import { inFrame } from "../components/frames.js";
import { followPresses } from "../components/held_press.js";
import { openKeys, register } from "../components/keys.js";
import { Player } from "../components/player.js";
import { askReason } from "../components/reason_dialog.js";
import { RecordedAlerts } from "../components/recorded_alerts.js";
import { RecordedCourse } from "../components/recorded_course.js";
import { noWordsText, showHead } from "../components/recorded_head.js";
import { RecordedLines } from "../components/recorded_lines.js";
import { RecordedMarks } from "../components/recorded_marks.js";
import { Waveform } from "../components/waveform.js";
import { WhoBar } from "../components/who_bar.js";
import { loadReasons } from "../store/help_reasons.js";
import * as i18n from "../store/i18n.js";
import { latest } from "../store/latest.js";
import { applyTheme } from "../store/preferences.js";
import { hitsOf, neighbour, raisedGains, readPeaks, stretchesOf } from "../store/recorded.js";
import { load, me, send, toLogin } from "../store/session.js";
import { StandingLink } from "../store/standing.js";

const { t } = i18n;
const LEAD_S = 1; // evidence is heard from so long before it
const STEP_S = 5;
const MARKS_EVERY_MS = 10_000;
const AWAY = ["away", "not_trusted"]; // the sound is there and cannot be had; it is asked for again
const PARTS = ["words", "alerts", "course", "notes"];
const path = `/api/history/${location.pathname.split("/").at(-1) ?? ""}`;
const asked = new URLSearchParams(location.search);
const loadCall = latest(load);

/** @type {import("../store/recorded.js").RecordedCall | null} */
let recorded = null;
/** @type {import("../store/recorded.js").Hit[]} */
let hits = [];
/** @type {import("../store/recorded.js").Peaks | null} */
let peaks = null;
let notice = ""; // key of what the page has to say of itself
let lost = false;
let standing = "";
let ticking = false;

const player = new Player({ source: `${path}/sound`, allowed, changed: () => inFrame(draw), broken: () => { read(); } });
const waveform = new Waveform({ seek, loop: (loop) => player.setLoop(loop) });
const controls = new Controls(player, { hit, loopFrom, loopTo, zoom: (way) => waveform.zoom(way) });
const lines = new RecordedLines(seek);
const alerts = new RecordedAlerts({ seek: (seconds) => seek(Math.max(0, seconds - LEAD_S)), send: (id, what, body) => marks.post(`/alerts/${encodeURIComponent(id)}${what}`, body) });
const course = new RecordedCourse(seek);
const marks = new RecordedMarks(path, () => recorded && alerts.update(recorded, marks.marks.false_alarms));
const bar = new WhoBar(at("who"));

/** @type {Record<string, () => void>} */
const KEYS = {
  " ": () => { if (audible()) player.toggle(); },
  ArrowLeft: () => seek(player.time - STEP_S),
  ArrowRight: () => seek(player.time + STEP_S),
  ArrowUp: () => line(-1),
  ArrowDown: () => line(1),
  j: () => hit(1),
  k: () => hit(-1),
  "[": loopFrom,
  "]": loopTo,
  l: () => player.setLoop(null),
  "<": () => player.nextRate(-1),
  ">": () => player.nextRate(1),
  "+": () => waveform.zoom(1),
  "-": () => waveform.zoom(-1),
  f: () => lines.follow(true),
};

applyTheme();
// The reasons are there before a button is: a row that is drawn again under a press loses it.
const [falseReasons] = await Promise.all([load("/api/false-alarm-reasons"), i18n.start(), loadReasons()]);
if (falseReasons.ok) alerts.reasons = Object.values(falseReasons).filter((each) => typeof each === "object");
at("player").append(waveform.element, controls.element);
at("words").append(lines.element);
marks.draw(); // with words, and nothing to press until it is known who is here
at("aside").append(marks.review, alerts.element, course.element, marks.notes);
at("keys").addEventListener("click", openKeys);
at("language").addEventListener("click", async () => { await i18n.toggle(); words(); });
addEventListener("keydown", keyed);
followPresses(() => { marks.draw(); drawAll(); });
addEventListener("pagehide", () => player.pause());
for (const [name, text] of /** @type {[string, string][]} */ ([["Space", "keys.play"], ["ArrowLeft", "keys.back_5"], ["ArrowRight", "keys.on_5"], ["ArrowUp", "keys.line_before"], ["ArrowDown", "keys.line_after"],
  ["j", "keys.hit_after"], ["k", "keys.hit_before"], ["[", "keys.loop_begin"], ["]", "keys.loop_to"], ["l", "keys.loop_off"], ["<", "keys.slower"], [">", "keys.faster"], ["+", "keys.closer"], ["-", "keys.wider"], ["f", "keys.follow"]])) register(name, text);
words();
tab("words");
const person = await me().catch(() => null);
if (person) bar.show(person);
if (await read()) begin();

/** Reads the call anew; false where it may not be seen. */
async function read() {
  const answer = await loadCall(path);
  if (answer === null) return recorded !== null;
  if (answer.status === 401) {
    toLogin();
    return false;
  }
  if (!answer.ok) {
    if (answer.status === 403 || answer.status === 404) {
      marks.forget();
      forget(recorded ? "rights_gone" : answer.status === 403 ? "not_allowed" : "no_such_call");
    } else tell(answer.reason === "store_away" ? "store_away" : "unreachable");
    return false;
  }
  recorded = /** @type {any} */ (answer);
  await opened();
  return true;
}

async function opened() {
  if (!recorded) return;
  hits = hitsOf(recorded);
  player.length = recorded.sound === "kept" ? recorded.call.sound_seconds : recorded.call.heard_s;
  if (recorded.call.erased_at !== null) {
    marks.close();
    marks.forget();
  }
  if (notice !== "erased") tell(recorded.call.erased_at === null ? "" : "erased");
  if (!audible()) {
    // The head says why.
    player.fault = "";
    player.drop();
  }
  lines.show(recorded, noWordsText(recorded));
  inFrame(drawAll);
  if (recorded.sound === "kept" && !peaks) await readPeaksFile();
  if (recorded?.sound !== "kept") peaks = null;
  inFrame(drawAll);
}

async function readPeaksFile() {
  try {
    const answer = await fetch(`${path}/peaks`, { cache: "no-store" });
    peaks = answer.ok ? readPeaks(await answer.arrayBuffer()) : null;
  } catch {
    peaks = null;
  }
  if (!peaks) return;
  player.channels = peaks.channels;
  player.raised = raisedGains(peaks);
}

/** What begins once: marks, the connection, the place that the address names. */
async function begin() {
  if (!recorded) return;
  const link = new StandingLink(path, {
    standing: stands,
    lost: (now) => {
      lost = now;
      if (lost) player.pause();
      inFrame(drawAll);
    },
    over: () => { forget("rights_gone"); toLogin(); },
    rights: async () => {
      // Before anything is asked: what was loaded may not be heard any more.
      player.drop();
      if (!(await read()) && recorded === null) link.stop();
    },
  });
  const named = { line: recorded.lines.find((each) => each.line_id === asked.get("line"))?.start_s, alert: recorded.alerts.find((each) => each.alert_id === asked.get("alert"))?.opened_s };
  const place = Number(asked.get("t") ?? named.line ?? named.alert ?? NaN);
  if (Number.isFinite(place)) seek(place);
  if (asked.get("alert")) alerts.point(asked.get("alert") ?? "");
  await marks.begin();
  setInterval(() => recorded && !document.hidden && recorded.call.erased_at === null && marks.read(), MARKS_EVERY_MS);
  setInterval(() => recorded && !document.hidden && AWAY.includes(recorded.sound) && read(), MARKS_EVERY_MS);
}

/** @param {import("../store/standing.js").Standing} now */
function stands(now) {
  const text = JSON.stringify(now);
  if (text === standing) return;
  const first = standing === "";
  standing = text;
  if (now.erased || now.sound !== "kept") player.drop();
  if (now.erased) tell("erased");
  const known = recorded && (recorded.call.erased_at !== null) === now.erased && JSON.stringify(Object.keys(recorded.removed).sort()) === JSON.stringify(now.removed);
  if (!first || !known) read();
}

/** Whether there is sound that may be played here. */
function audible() {
  return recorded !== null && recorded.sound === "kept" && recorded.may.play;
}

/**
 * Asks the server whether the call may be played from a time: it is in the audit before the first sound leaves.
 * @param {number} from
 */
async function allowed(from) {
  if (!recorded || !audible() || lost) return false;
  let answer = await send(`${path}/play`, { from_s: from });
  if (answer.reason === "reason_needed") {
    const reason = await askReason();
    if (!reason) return false;
    answer = await send(`${path}/play`, { from_s: from, reason });
  }
  if (answer.status === 401) toLogin();
  if (!answer.ok) {
    player.fault = answer.reason === "store_away" ? "store_away" : "refused";
    if (answer.status === 403 || answer.status === 404) await read();
  }
  return answer.ok;
}

/**
 * Lets go of everything that the page knew.
 * @param {string} why
 */
function forget(why) {
  player.drop();
  loadCall.drop();
  recorded = null;
  hits = [];
  peaks = null;
  marks.close();
  for (const each of ["head", "player", "tabs", "words", "aside"]) at(each).replaceChildren();
  show(at("player"), false);
  tell(why);
}

/** @param {string} why */
function tell(why) {
  notice = why;
  inFrame(drawNotice);
}

function drawNotice() {
  const key = notice || (lost ? "lost" : "");
  show(at("notice"), key !== "");
  setText(at("notice"), key ? t(`recorded.notice.${key}`) : "");
}

/** @param {number} seconds */
function seek(seconds) {
  player.seek(seconds);
  lines.follow(true);
}

/** @param {1 | -1} way */
function hit(way) {
  const found = neighbour(hits, player.time, way, LEAD_S);
  if (found === null) return;
  seek(Math.max(0, found - LEAD_S));
  const named = hits.find((each) => each.at === found);
  if (named) alerts.point(named.alert.alert_id);
}

function loopFrom() {
  const to = player.loop && player.loop.to > player.time ? player.loop.to : player.length;
  player.setLoop({ from: player.time, to });
}

function loopTo() {
  const from = player.loop && player.loop.from < player.time ? player.loop.from : 0;
  player.setLoop({ from, to: player.time });
}

/** @param {KeyboardEvent} event */
function keyed(event) {
  if (!recorded || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const { target } = event;
  const field = target instanceof HTMLInputElement ? target.type : target instanceof HTMLSelectElement ? "select" : "";
  if (field === "text" || field === "select") return;
  if (field === "range" && event.key.startsWith("Arrow")) return;
  if (event.key === " " && (field === "checkbox" || (target instanceof HTMLElement && target.matches("button, a, summary")))) return;
  const press = KEYS[event.key];
  if (!press) return;
  event.preventDefault();
  press();
}

/** @param {1 | -1} way */
function line(way) {
  const found = lines.neighbour(player.time, way);
  if (found !== null) seek(found);
}

/** Everything that does not move with the time. */
function drawAll() {
  drawNotice();
  if (!recorded) return;
  showHead(at("head"), recorded);
  show(at("player"), true);
  waveform.show({ length: Math.max(1, player.length), peaks, alerts: recorded.alerts, hits, stretches: stretchesOf(recorded) });
  waveform.words();
  controls.words();
  alerts.update(recorded, marks.marks.false_alarms);
  course.update(recorded);
  drawTabs();
  draw();
}

/** What moves with the time; goes on by itself while it plays. */
function draw() {
  if (!recorded) return;
  controls.update(audible());
  moved();
  if (!player.playing || ticking) return;
  ticking = true;
  requestAnimationFrame(tick);
}

function tick() {
  ticking = false;
  if (!recorded) return;
  player.tick();
  moved();
  controls.tick();
  if (!player.playing) return;
  ticking = true;
  requestAnimationFrame(tick);
}

function moved() {
  waveform.at(player.time, player.loop);
  lines.at(player.time);
}

/** @param {string} part shown on a small screen */
function tab(part) {
  document.body.dataset.tab = part;
  drawTabs();
}

function drawTabs() {
  const present = document.body.dataset.tab;
  fill(at("tabs"), JSON.stringify([present, recorded?.alerts.length, i18n.current()]), () => PARTS.map((part) =>
    h("button", { type: "button", "aria-pressed": String(part === present), onclick: () => tab(part) }, part === "alerts" ? t("recorded.alerts_n", { n: recorded?.alerts.length ?? 0 }) : t(`recorded.tab_${part}`))));
}

function words() {
  document.title = `${t("recorded.title")} – ${t("app.name")}`;
  setText(at("title"), t("recorded.title"));
  setText(at("history"), t("history.title"));
  setText(at("keys"), t("keys.open"));
  setText(at("language"), t("ui.language"));
  at("tabs").setAttribute("aria-label", t("recorded.tabs"));
  at("aside").setAttribute("aria-label", t("recorded.aside"));
  bar.words();
  if (!recorded) return drawNotice();
  lines.show(recorded, noWordsText(recorded));
  marks.draw();
  return drawAll();
}
