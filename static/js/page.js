// @ts-check
// Every page: moments, the theme, copying, the dialog, and greyed buttons that say why.

import "./live.js";
import { refreshMoments } from "./moments.js";

refreshMoments();
setInterval(refreshMoments, 1000);

const THEMES = /** @type {const} */ (["system", "light", "dark"]);

/** @returns {typeof THEMES[number]} */
function theme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

function nameTheme() {
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    const words = theme() === "system" ? "as the system" : theme();
    button.setAttribute("aria-label", `Theme: ${words}`);
    button.setAttribute("title", `Theme: ${words}`);
    const label = button.querySelector("span");
    if (label) label.textContent = theme()[0].toUpperCase() + theme().slice(1);
  }
}

function nextTheme() {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("slipway-theme", next);
  } catch {
    // Storage may be refused; the choice then lasts as long as the page.
  }
  nameTheme();
}

nameTheme();

const dialog = document.getElementById("dialog");

document.addEventListener("click", (event) => {
  const clicked = event.target instanceof Element ? event.target : null;
  if (clicked?.closest("[data-theme-toggle]")) nextTheme();
  const close = clicked?.closest("[data-close]");
  if (close && dialog instanceof HTMLDialogElement && dialog.open) {
    event.preventDefault();
    dialog.close();
  }
  const copied = clicked?.closest("[data-copy]");
  if (copied instanceof HTMLElement) {
    navigator.clipboard?.writeText(copied.dataset.copy ?? "").then(() => {
      copied.classList.add("copied");
      setTimeout(() => copied.classList.remove("copied"), 1200);
    });
  }
  const greyed = clicked?.closest("[aria-disabled=true]");
  if (greyed instanceof HTMLElement) {
    event.preventDefault();
    const note = greyed.parentElement?.querySelector(".note");
    if (note) note.textContent = greyed.dataset.why ?? greyed.title;
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  const target = /** @type {CustomEvent} */ (event).detail.target;
  if (target?.id === "dialog-body" && dialog instanceof HTMLDialogElement) {
    if (!dialog.open) dialog.showModal();
    /** @type {HTMLElement | null} */ (dialog.querySelector("textarea, input:not([type=hidden]), select"))?.focus();
  }
  refreshMoments();
});
document.addEventListener("slipway:done", () => dialog instanceof HTMLDialogElement && dialog.close());
dialog?.addEventListener("close", () => document.getElementById("dialog-body")?.replaceChildren());
