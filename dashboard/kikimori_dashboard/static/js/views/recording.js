// The state of the record, for administrators: what the office decided, the disk, the agents, the counts of each day.

import { byId as at, fill, h, setText, show } from "../components/dom.js";
import { faultText } from "../components/entries.js";
import { drawPagesMenu } from "../components/pages_menu.js";
import * as i18n from "../store/i18n.js";
import { applyTheme } from "../store/preferences.js";
import { load, me, toLogin } from "../store/session.js";

const { t } = i18n;
const EVERY_MS = 10_000;
const COUNTED = ["heard", "recorded", "excluded", "stopped", "no_disk", "running", "missing"];

/** @typedef {{agent_id: string, online: boolean, counters: Record<string, number>, problems: import("../store/messages.d.ts").ProblemView[]}} AgentPart */
/** @typedef {{folder: string, free_bytes: number, day_bytes: number, lasts_days: number}} Disk */
/** @typedef {{online: boolean, at: string, waiting: number, problems: import("../store/messages.d.ts").ProblemView[]}} ServicePart */
/** @typedef {{agent_id: string, run: string, number: number, code: string, found_at: string, records: number, lost_sound_s: number, calls: string[], words: Record<string, {detail: string, remedy: string}>}} JournalFault */
/**
 * @typedef {object} RecordView
 * @property {boolean | null} enabled
 * @property {Record<string, string> | null} lines what to add to the file, by language
 * @property {number | null} days
 * @property {number | null} max_gb
 * @property {string} announcement
 * @property {Disk | null} disk
 * @property {Record<string, number>} calls
 * @property {number} bytes
 * @property {string | null} oldest
 * @property {string | null} newest
 * @property {Record<string, any>[]} accounts
 * @property {AgentPart[]} agents
 * @property {{uid: string, started_at: string, hold: string | null}[]} held calls that were to be erased, and are under a legal hold
 * @property {{count: number, newest: JournalFault[]}} faults of received journals that nobody has acknowledged
 * @property {ServicePart | null} service a records service that runs alone
 */

/** @type {RecordView | null} */
let view = null;
/** @type {import("../store/session.js").Answer | null} */
let fault = null;

applyTheme();
await i18n.start();
me().then(drawPagesMenu, () => {}); // the page works without it
at("language").addEventListener("click", async () => { await i18n.toggle(); draw(); });
draw();
await read();
setInterval(read, EVERY_MS);

async function read() {
  const answer = await load("/api/recording");
  if (answer.status === 401) return toLogin();
  fault = answer.ok ? null : answer;
  if (answer.ok) view = /** @type {any} */ (answer);
  return draw();
}

/**
 * A size with its unit: below 0.1 GB in megabytes.
 * @param {number} bytes
 */
function size(bytes) {
  return bytes < 1e8 ? t("recording.mb", { n: Math.ceil(bytes / 1e6).toLocaleString(i18n.current()) }) : t("recording.gb", { n: gb(bytes) });
}

/** @param {number} bytes */
function gb(bytes) {
  return (bytes / 1e9).toLocaleString(i18n.current(), { maximumFractionDigits: bytes < 1e10 ? 1 : 0 });
}

/** @param {[string, string | null | undefined][]} rows */
function facts(rows) {
  return h("dl", { class: "facts" }, ...rows.flatMap(([name, value]) => (value ? [h("dt", {}, name), h("dd", {}, value)] : [])));
}

function draw() {
  drawPagesMenu();
  document.title = `${t("recording.title")} – ${t("app.name")}`;
  setText(at("title"), t("recording.title"));
  setText(at("account"), t("account.title"));
  setText(at("language"), t("ui.language"));
  show(at("fault"), fault !== null);
  if (fault !== null) setText(at("fault"), faultText(fault));
  for (const each of ["decision", "agents", "accounts"]) show(at(each), view !== null);
  for (const each of ["held", "faults"]) show(at(each), false);
  if (view === null) return;
  const record = view;
  show(at("faults"), record.faults.count > 0);
  show(at("held"), record.held.length > 0);
  const language = i18n.current();
  // What is the same stays: somebody may be about to copy the lines.
  fill(at("decision"), JSON.stringify([{ ...record, agents: null, accounts: null, service: null, faults: null, held: null }, language]), () => decision(record));
  fill(at("agents"), JSON.stringify([record.enabled, record.agents, serviceShown(record.service), language]), () => agents(record));
  fill(at("held"), JSON.stringify([record.held, language]), () => held(record.held));
  fill(at("faults"), JSON.stringify([record.faults, language]), () => faults(record.faults));
  fill(at("accounts"), JSON.stringify([record.accounts, language]), () => accounts(record));
}

/** @param {RecordView} record */
function decision(record) {
  if (record.lines) {
    return [h("h2", {}, t("recording.undecided")), h("p", {}, t("recording.undecided_why")), ...written(record.lines[i18n.current()] ?? record.lines.en ?? "")];
  }
  if (!record.enabled) return [h("h2", {}, t("recording.off")), ...kept(record)];
  const { disk, days } = record;
  const short = disk !== null && days !== null && disk.lasts_days < days;
  return [
    h("h2", {}, t("recording.on")),
    facts([
      [t("recording.days"), t("recording.days_n", { n: days })],
      [t("recording.limit"), t("recording.gb", { n: gb((record.max_gb ?? 0) * 1e9) })],
      [t("recording.announcement"), t(`recording.announced_${record.announcement === "pbx" ? "pbx" : record.announcement ? "played" : "nobody"}`, { name: record.announcement })],
      [t("recording.disk"), disk && t("recording.disk_free", { n: gb(disk.free_bytes), folder: disk.folder })],
      [t("recording.forecast"), disk && t("recording.forecast_n", { day: gb(disk.day_bytes), days: disk.lasts_days.toLocaleString(i18n.current()) })],
    ]),
    short ? h("p", { class: "short" }, t("recording.short", { lasts: disk?.lasts_days, days })) : null,
    ...kept(record),
  ];
}

/**
 * Lines of a configuration file as a block each that can be copied whole, with what is said between them.
 * @param {string} text
 */
function written(text) {
  /** @type {HTMLElement[]} */
  const found = [];
  for (const line of text.split("\n")) {
    const last = found.at(-1);
    if (!/^\[|^\w+ = /.test(line)) found.push(h("p", {}, line));
    else if (last?.tagName === "PRE") last.append(`\n${line}`);
    else found.push(h("pre", { tabindex: "0" }, line));
  }
  return found;
}

/** @param {RecordView} record */
function kept(record) {
  const calls = Object.entries(record.calls);
  if (!calls.length) return [h("p", {}, t("recording.none"))];
  return [facts([
    [t("recording.calls"), calls.map(([sound, n]) => t("recording.calls_of", { what: i18n.word("recording.sound", sound), n: n.toLocaleString(i18n.current()) })).join(t("recording.comma"))],
    [t("recording.size"), size(record.bytes)],
    [t("recording.oldest"), record.oldest && i18n.dateAndTime(record.oldest)],
    [t("recording.newest"), record.newest && i18n.dateAndTime(record.newest)],
  ])];
}

/**
 * What of the service's state is drawn: its time changes all the while.
 * @param {ServicePart | null} service
 */
function serviceShown(service) {
  return service && { ...service, at: null };
}

/** @param {import("../store/messages.d.ts").ProblemView[]} problems */
function problemLines(problems) {
  return problems.map((problem) => {
    const words = problem.words[i18n.current()] ?? problem;
    return h("div", { class: "problem" }, h("div", {}, words.detail), words.remedy ? h("div", {}, `→ ${words.remedy}`) : null);
  });
}

/** @param {ServicePart | null} service */
function serviceItem(service) {
  if (service === null) return [];
  return [h("li", { id: "service" },
    h("span", {}, h("strong", {}, t("recording.service")), ` ${t(service.online ? "recording.agent_on" : "recording.agent_off")}`),
    ...problemLines(service.problems),
    service.waiting ? h("span", {}, t("recording.service_waiting", { n: service.waiting.toLocaleString(i18n.current()) })) : null)];
}

/** @param {RecordView} record */
function agents(record) {
  const items = record.agents.map((agent) => h("li", {},
    h("span", {}, h("strong", {}, agent.agent_id), ` ${t(agent.online ? "recording.agent_on" : "recording.agent_off")}`),
    ...problemLines(agent.problems),
    agent.problems.length || !agent.online ? null : h("span", {}, t(record.enabled ? "recording.agent_well" : "recording.agent_idle"))));
  const all = [...serviceItem(record.service), ...items];
  return [
    h("h2", {}, t("recording.agents")),
    all.length ? h("ul", { class: "agents" }, ...all) : null,
    items.length ? null : h("p", {}, t("recording.no_agents")),
  ];
}

/** @param {RecordView["held"]} found */
function held(found) {
  if (!found.length) return [];
  return [
    h("h2", {}, t("recording.held", { n: found.length.toLocaleString(i18n.current()) })),
    h("p", {}, t("recording.held_why")),
    h("ul", { class: "agents" }, ...found.map(({ started_at: begun, uid, hold }) => {
      const id = hold?.slice(0, 8);
      return h("li", {}, h("span", {}, `${i18n.dateAndTime(begun)} ${uid}`),
        id ? h("pre", { tabindex: "0" }, `sudo kikimori records release ${id} --reason "…"`) : null,
        h("pre", { tabindex: "0" }, `sudo kikimori records erase --call ${uid} --reason "…"`));
    })),
  ];
}

/** @param {RecordView["faults"]} found */
function faults(found) {
  if (!found.count) return [];
  const items = found.newest.map((each) => {
    const words = each.words[i18n.current()] ?? { detail: each.code, remedy: "" };
    const lost = each.lost_sound_s ? t("recording.fault_sound", { n: each.lost_sound_s.toLocaleString(i18n.current()) }) : null;
    return h("li", {},
      h("span", {}, h("strong", {}, each.agent_id), ` ${i18n.dateAndTime(each.found_at)} `, t("recording.fault_records", { n: each.records.toLocaleString(i18n.current()) }), lost),
      h("div", { class: "problem" }, h("div", {}, words.detail), words.remedy ? h("div", {}, `→ ${words.remedy}`) : null),
      each.calls.length ? h("span", {}, t("recording.fault_calls"), ` ${each.calls.join(t("recording.comma"))}`) : null);
  });
  return [
    h("h2", {}, t("recording.faults", { n: found.count.toLocaleString(i18n.current()) })),
    h("ul", { class: "agents" }, ...items),
    h("p", {}, t("recording.faults_seen")),
    h("pre", { tabindex: "0" }, `sudo kikimori records faults --acknowledge "${t("recording.faults_done")}"`),
  ];
}

/** @param {RecordView} record */
function accounts(record) {
  const title = h("h2", {}, t("recording.accounts"));
  if (!record.accounts.length) return [title, h("p", {}, t("recording.no_accounts"))];
  return [title, h("div", { class: "table", tabindex: "0" }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("recording.day")), ...COUNTED.map((each) => h("th", { scope: "col" }, t(`recording.count.${each}`))))),
    h("tbody", {}, ...record.accounts.map((row) => h("tr", {}, h("td", {}, row.day),
      ...COUNTED.map((each) => h("td", { dataset: { missing: each === "missing" && row[each] > 0 ? "yes" : "no" } }, row[each].toLocaleString(i18n.current()))))))))];
}
