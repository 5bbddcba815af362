// Problems of the pages' own certificate, as the server sends them.

import { current, find, t } from "./i18n.js";

/** The colour of a problem's line: red where calls are not watched or pages are kept away, else amber. */
export const moodOf = (severity) => (severity === "critical" ? "bad" : "warn");

/** Banners of the problems, [{mood, text, detail, remedy}]: for everybody what it means, for whoever mends it the rest. */
export const certificateBanners = (problems) => problems.map(({ code, severity, words }) => {
  const { detail = code, remedy = "" } = words?.[current()] ?? {};
  return { mood: moodOf(severity), text: find(`banner.${code}`) ?? t("banner.certificate"), detail, remedy };
});
