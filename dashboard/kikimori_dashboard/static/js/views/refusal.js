// A page that does not open: in the language and colours that this browser chose.

import { applyTheme, read } from "../store/preferences.js";

applyTheme();
const language = read("language");
const chosen = document.querySelector(`main > [lang="${language === "en" ? "en" : "ja"}"]`);
if (language !== null && chosen) {
  chosen.parentElement?.replaceChildren(chosen);
  document.documentElement.lang = language;
}
