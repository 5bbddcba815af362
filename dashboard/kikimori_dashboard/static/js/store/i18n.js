// Words of the pages, from static/i18n/*.json.

import { read, write } from "./preferences.js";

/** @typedef {Record<string, any>} Values what stands in a text's `{name}` */

/** @type {Record<string, any>} */
let words = {};
let language = "ja";
let asked = language; // the language that was asked for last
let zone = "Asia/Tokyo";

const LANGUAGES = ["ja", "en"];

/** @param {string} name */
async function load(name) {
  asked = name;
  try {
    const answer = await fetch(`/static/i18n/${name}.json`);
    if (!answer.ok) throw new Error(`language file: ${answer.status}`);
    const found = await answer.json();
    if (asked !== name) return; // another was asked for meanwhile
    words = found;
    language = name;
    document.documentElement.lang = name;
  } catch (error) {
    if (asked === name) asked = language;
    throw error;
  }
}

/** Begins with the language chosen in this browser, else the office's, and with the office's time zone. */
export async function start() {
  const { lang, dataset } = document.documentElement;
  zone = dataset.zone || zone;
  await load(read("language") ?? (LANGUAGES.includes(lang) ? lang : language));
}

/**
 * Takes the site's settings; a choice made in this browser wins. True when the language changed.
 * @param {{language: string, time_zone: string}} site
 */
export async function useSite(site) {
  zone = site.time_zone;
  if (read("language") === null && site.language !== language && LANGUAGES.includes(site.language)) {
    await load(site.language);
    return true;
  }
  return false;
}

export async function toggle() {
  const other = asked === "ja" ? "en" : "ja";
  write("language", other); // at once: somebody may leave the page before its words have come
  await load(other);
}

export const current = () => language;

/**
 * The text for a dotted key, `{name}` replaced; null when there is none.
 * @param {string} key
 * @param {Values} [values]
 * @returns {string | null}
 */
export function find(key, values = {}) {
  /** @type {any} */
  let found = words;
  for (const part of key.split(".")) found = Object.hasOwn(found ?? {}, part) ? found[part] : undefined;
  if (typeof found !== "string") return null;
  return found.replace(/\{(\w+)\}/g, (/** @type {string} */ _, /** @type {string} */ name) => String(values[name] ?? ""));
}

/**
 * The text for a dotted key; the key itself when there is none.
 * @param {string} key
 * @param {Values} [values]
 */
export const t = (key, values) => find(key, values) ?? key;

/**
 * The word for a value that an agent sent; a generic one for a value that only newer agents know.
 * @param {string} group
 * @param {string} value
 * @param {Values} [values]
 */
export const word = (group, value, values) => find(`${group}.${value}`, values) ?? t("ui.unknown", { value });

/**
 * Title of a rule, or summary of evidence, in the language of the page.
 * @param {Record<string, string>} titles
 */
export const title = (titles) => titles[language] ?? titles.ja ?? Object.values(titles)[0] ?? "";

/** @param {number} n */
const two = (n) => String(n).padStart(2, "0");

/**
 * 754 → "12:34", 4000 → "1:06:40"
 * @param {number} seconds
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/**
 * 1872 → "31分" / "31 min"
 * @param {number} seconds
 */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  if (language === "ja") {
    if (!minutes) return `${rest}秒`;
    return rest && minutes < 10 ? `${minutes}分${rest}秒` : `${minutes}分`;
  }
  if (!minutes) return `${rest} s`;
  return rest && minutes < 10 ? `${minutes} min ${rest} s` : `${minutes} min`;
}

/** @param {number} db */
export const signed = (db) => (db >= 0 ? `+${Math.round(db)}` : `−${Math.abs(Math.round(db))}`);

/** @typedef {string | number | Date} Instant */

/**
 * Hours and minutes in the site's zone, with the day if that is not the day of `now`.
 * @param {Instant} instant
 * @param {Instant} now
 */
export function moment(instant, now) {
  const date = day(instant);
  return date === day(now) ? hourAndMinute(instant) : `${date} ${hourAndMinute(instant)}`;
}

/** @param {Instant} instant */
const year = (instant) => new Intl.DateTimeFormat("en", { year: "numeric", timeZone: zone }).format(new Date(instant));

/**
 * Month, day and time of day in the site's zone; with the year if that is not this one.
 * @param {Instant} instant
 */
export function dateAndTime(instant) {
  /** @type {Intl.DateTimeFormatOptions} */
  const otherYear = year(instant) === year(Date.now()) ? {} : { year: "numeric" };
  return new Intl.DateTimeFormat(language, { ...otherYear, month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone })
    .format(new Date(instant));
}

/**
 * Hours and minutes in the site's zone, e.g. 21:40.
 * @param {Instant} instant
 */
export const hourAndMinute = (instant) => new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone }).format(new Date(instant));

/**
 * Month and day in the site's zone, e.g. 10/2.
 * @param {Instant} instant
 */
export const day = (instant) => new Intl.DateTimeFormat(language, { month: "numeric", day: "numeric", timeZone: zone }).format(new Date(instant));

/**
 * Hours and minutes of what was today, else month and day, in the site's zone: 21:40, 10/2.
 * @param {string} instant
 */
export const recent = (instant) => (day(instant) === day(Date.now()) ? hourAndMinute(instant) : day(instant));

/**
 * Time of day in the site's zone.
 * @param {Instant} instant
 */
export function timeOfDay(instant) {
  const wanted = `${language} ${zone}`;
  if (wanted !== ofDay?.of) ofDay = { of: wanted, format: new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone }) };
  return ofDay.format.format(new Date(instant));
}

/** @type {{of: string, format: Intl.DateTimeFormat} | null} made once: it costs more than all else of a clock */
let ofDay = null;
