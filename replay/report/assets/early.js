// Before anything is drawn: the theme that the reader chose here before, else the one of the system.
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem("cascade-theme"); } catch { /* A page from a file may have no storage. */ }
  const isDark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
})();
