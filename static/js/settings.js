// @ts-check
// Settings and the account: what this browser prefers, and the order of environments by the keyboard.

import { refreshMoments, useZone } from "./moments.js";

const PREFIX = "slipway-";

/** @param {string} name */
function kept(name) {
  try {
    return localStorage.getItem(PREFIX + name) ?? "";
  } catch {
    return "";
  }
}

/**
 * @param {string} name
 * @param {string} value
 */
function keep(name, value) {
  try {
    if (value) localStorage.setItem(PREFIX + name, value);
    else localStorage.removeItem(PREFIX + name);
  } catch {
    // Storage may be refused; the choice then lasts as long as the page.
  }
}

/**
 * @param {string} name
 * @param {string} value
 */
function apply(name, value) {
  if (name === "zone") {
    useZone(value);
    refreshMoments();
    sayZone(value);
  } else if (value) document.documentElement.dataset[name] = value;
  else delete document.documentElement.dataset[name];
}

/** @param {string} zone */
function sayZone(zone) {
  const line = document.getElementById("zone-now");
  if (!line) return;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const now = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", timeZone: zone || own });
  line.textContent = `There it is ${now.format(new Date())} now. Hover over an age to see the time.`;
}

/** @param {HTMLSelectElement} select */
function offerZones(select) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [browser] = select.options;
  if (browser) browser.textContent = `As this browser: ${own}`;
  const all = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
  for (const zone of all) select.add(new Option(zone.replaceAll("_", " "), zone));
}

const preferences = document.getElementById("preferences");
if (preferences) {
  for (const group of preferences.querySelectorAll("[data-preference]")) {
    const name = /** @type {HTMLElement} */ (group).dataset.preference ?? "";
    const said = name === "theme" && kept(name) === "system" ? "" : kept(name);
    if (group instanceof HTMLSelectElement) {
      offerZones(group);
      group.value = said;
      if (group.value !== said) group.value = "";
      sayZone(group.value);
    } else {
      for (const input of group.querySelectorAll("input")) input.checked = input.value === said;
    }
    group.addEventListener("change", (event) => {
      const chosen = event.target;
      if (!(chosen instanceof HTMLInputElement || chosen instanceof HTMLSelectElement)) return;
      keep(name, chosen.value);
      apply(name, chosen.value);
    });
  }
  preferences.hidden = false;
}

// Alt ↑ and Alt ↓ move the environment whose row has the focus.
document.addEventListener("keydown", (event) => {
  if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  const row = event.target instanceof Element ? event.target.closest("tr") : null;
  const buttons = row?.querySelectorAll("[data-mover] button");
  const button = buttons?.[event.key === "ArrowUp" ? 0 : 1];
  if (!(button instanceof HTMLButtonElement)) return;
  event.preventDefault();
  button.focus();
  button.click();
});
