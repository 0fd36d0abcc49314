// Before the first paint: the theme that this browser chose, else the system's. A classic script for that reason.
{
  let chosen = null;
  try {
    chosen = localStorage.getItem("slipway-theme");
  } catch {
    // Storage may be refused; then the system decides.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
