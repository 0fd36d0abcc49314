// Before the first paint: the theme that this browser chose, else the system's, and how it lays differences out. A
// classic script for that reason.
{
  let theme = null;
  let density = null;
  let diff = new URLSearchParams(location.search).get("diff");
  try {
    theme = localStorage.getItem("slipway-theme");
    density = localStorage.getItem("slipway-density");
    diff ??= localStorage.getItem("slipway-diff");
  } catch {
    // Storage may be refused; then the system decides.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  if (density === "compact") document.documentElement.dataset.density = density;
  if (diff === "split") document.documentElement.dataset.layoutOfDiffs = diff;
}
