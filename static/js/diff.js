// @ts-check
// How differences are laid out: as the address says (?diff=split), else as this browser chose last. Only a preference:
// the lines are the same, so switching fetches nothing. `theme.js` has set it before the first paint.

const KEY = "slipway-diff";
const LAYOUTS = new Set(["unified", "split"]);

function layout() {
  return document.documentElement.dataset.layoutOfDiffs === "split" ? "split" : "unified";
}

/** Fragments are pushed without knowing who looks, so which layout is current is said here, each time they come. */
function sayWhich() {
  for (const link of document.querySelectorAll("[data-layout]")) {
    const current = link.getAttribute("data-layout") === layout();
    if (current && link.getAttribute("aria-current") !== "true") link.setAttribute("aria-current", "true");
    if (!current && link.hasAttribute("aria-current")) link.removeAttribute("aria-current");
  }
}

document.addEventListener("click", (event) => {
  const clicked = event.target instanceof Element ? event.target.closest("a[data-layout]") : null;
  const wanted = clicked?.getAttribute("data-layout");
  if (!wanted || !LAYOUTS.has(wanted) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  document.documentElement.dataset.layoutOfDiffs = wanted;
  const address = new URL(location.href);
  address.searchParams.set("diff", wanted);
  history.replaceState(history.state, "", address);
  try {
    localStorage.setItem(KEY, wanted);
  } catch {
    // Storage may be refused; the address keeps it.
  }
  sayWhich();
});

/** An object that the address names is opened: whoever was sent the link wants to read it. */
function openNamed() {
  const named = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  if (named instanceof HTMLDetailsElement) named.open = true;
}

sayWhich();
openNamed();
addEventListener("hashchange", openNamed);
new MutationObserver(sayWhich).observe(document.getElementById("main") ?? document.body, { childList: true, subtree: true });
