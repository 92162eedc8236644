// Before anything is drawn: the theme that the reader chose here before, else the one of the system.
function chosenTheme() {
  try { return localStorage.getItem("cascade-theme"); } catch { return null; } // A page from a file may have no storage.
}
document.documentElement.dataset.theme = chosenTheme() || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
