// Loads a page again of which a script or a style sheet did not come: it would stay empty for ever. No module, so that it needs no other file.

(() => {
  const TRIES = "kikimori.loaded_again"; // in a row, in this tab
  const WAITS_S = [1, 2, 5, 10, 30];
  let failed = false;

  /** @returns {number} */
  function tries() {
    try {
      return Number(sessionStorage.getItem(TRIES)) || 0;
    } catch {
      return WAITS_S.length; // nothing can be remembered: slowly, then
    }
  }

  /** @param {number} count */
  function remember(count) {
    try {
      sessionStorage.setItem(TRIES, String(count));
    } catch { /* see `tries` */ }
  }

  function say() {
    const said = document.createElement("p");
    said.className = "banner warn";
    said.setAttribute("role", "alert");
    said.textContent = "画面の一部を読み込めませんでした。自動で読み込み直します。 / A part of this page did not load. It is being loaded again.";
    document.body.prepend(said);
  }

  addEventListener("error", ({ target }) => {
    if (failed || !(target instanceof HTMLScriptElement || target instanceof HTMLLinkElement)) return;
    failed = true;
    const before = tries();
    remember(before + 1);
    if (document.body) say();
    else addEventListener("DOMContentLoaded", say);
    // Not all pages of an office in the same moment.
    setTimeout(() => location.reload(), (0.5 + Math.random()) * 1000 * WAITS_S[Math.min(before, WAITS_S.length - 1)]);
  }, true);
  addEventListener("load", () => { if (!failed) remember(0); });
})();
