// Problems of the pages' own certificate, as the server sends them.

import { current, find, t } from "./i18n.js";

/** Banners of the problems, [{mood, text, detail, remedy}]: for everybody what it means, for whoever mends it the rest. */
export const certificateBanners = (problems) => problems.map(({ code, mood, words }) => {
  const { detail = code, remedy = "" } = words?.[current()] ?? {};
  return { mood, text: find(`banner.${code}`) ?? t("banner.certificate"), detail, remedy };
});
