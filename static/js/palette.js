// @ts-check
// The command palette: a combobox over a listbox that the server fills. What was opened lately is kept in this browser,
// for this person alone, and forgotten when they sign out.

import { showShortcuts } from "./keys.js";
import { refreshMoments } from "./moments.js";

const PAUSE = 60; // ms after a key before the server is asked
const MOST_RECENT = 6;

/** @typedef {{ href: string, name: string }} Recent */

/**
 * Where the choice goes: around at the ends, none when there is nothing.
 * @param {number} count
 * @param {number} at
 * @param {number} by
 */
export function moved(count, at, by) {
  if (count === 0) return -1;
  if (at < 0) return by > 0 ? 0 : count - 1;
  if (Math.abs(by) > 1) return Math.min(count - 1, Math.max(0, at + by));
  return (at + by + count) % count;
}

/**
 * The newest first, each place once.
 * @param {readonly Recent[]} list
 * @param {Recent} place
 * @returns {Recent[]}
 */
export function remembered(list, place) {
  return [place, ...list.filter((each) => each.href !== place.href)].slice(0, MOST_RECENT + 1);
}

/**
 * What stands in storage is only believed when it is what was put there.
 * @param {string | null} text
 * @param {string} home
 * @returns {Recent[]}
 */
export function believed(text, home) {
  try {
    const list = JSON.parse(text ?? "[]");
    if (!Array.isArray(list)) return [];
    return list.filter(
      (each) => typeof each?.name === "string" && typeof each?.href === "string" && each.href.startsWith(home),
    );
  } catch {
    return [];
  }
}

/** @param {HTMLDialogElement} dialog */
function start(dialog) {
  const field = /** @type {HTMLInputElement} */ (dialog.querySelector("#palette-text"));
  const list = /** @type {HTMLElement} */ (dialog.querySelector("#palette-options"));
  const state = /** @type {HTMLElement} */ (dialog.querySelector("#palette-state"));
  const home = dialog.dataset.home ?? "/";
  const storage = `slipway-recent-${dialog.dataset.person}-${home}`;
  /** @type {AbortController | null} */
  let asking = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let shown = ""; // the text that the list answers
  let enter = false; // pressed before its answer came

  const options = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=option]")]);
  const chosen = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");

  /** @param {number} at */
  function choose(at) {
    options().forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    const option = options()[at];
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  /** @returns {Recent[]} */
  function recent() {
    try {
      return believed(localStorage.getItem(storage), home).filter(({ href }) => href !== here());
    } catch {
      return []; // storage may be refused
    }
  }

  function showRecent() {
    const places = recent().slice(0, MOST_RECENT);
    if (!places.length) return;
    const group = document.createElement("div");
    group.className = "options";
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", "options-recent");
    const title = document.createElement("div");
    title.className = "options-title";
    title.id = "options-recent";
    title.textContent = "Recent";
    group.append(title);
    places.forEach((place, number) => {
      const option = document.createElement("a");
      option.className = "hit";
      option.id = `recent-${number}`;
      option.href = place.href;
      option.tabIndex = -1;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const mark = document.createElement("span");
      mark.className = "hit-icon";
      mark.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#i-recent"/></svg>';
      const name = document.createElement("span");
      name.className = "hit-name";
      name.textContent = place.name;
      option.append(mark, name);
      group.append(option);
    });
    list.prepend(group);
  }

  /** @param {string} words */
  function say(words) {
    state.textContent = words;
  }

  async function ask() {
    asking?.abort();
    const mine = (asking = new AbortController());
    const text = field.value;
    const url = `${dialog.dataset.search}?part=options&q=${encodeURIComponent(text)}`;
    try {
      const answer = await fetch(url, { signal: mine.signal, headers: { "HX-Request": "true" } });
      if (answer.redirected || !answer.ok) return fail(answer.status);
      list.innerHTML = await answer.text(); // our own server's template, which escapes
    } catch {
      if (mine.signal.aborted) return;
      return fail(0);
    }
    shown = text;
    if (!text.trim()) showRecent();
    refreshMoments(list);
    list.scrollTop = 0;
    choose(options().length ? 0 : -1);
    const number = list.querySelectorAll(".hit:not(.all)").length;
    say(number ? `${number} found` : "Nothing found");
    if (enter && text === field.value) open(false); // an answer to what stood there before opens nothing
  }

  /** @param {number} status */
  function fail(status) {
    const line = document.createElement("p");
    line.className = "options-none";
    line.textContent = status
      ? "You are not signed in here any more. Load the page again."
      : "The server does not answer. Press a key to try again.";
    list.replaceChildren(line);
    choose(-1);
    say(line.textContent);
    enter = false;
  }

  /** @param {boolean} apart in a tab of its own */
  function open(apart) {
    enter = false;
    const option = options()[chosen()];
    if (!option) return;
    const act = option.dataset.act;
    if (act) {
      dialog.close();
      perform(act);
    } else if (option instanceof HTMLAnchorElement) {
      if (apart) window.open(option.href, "_blank", "noopener");
      else {
        dialog.close();
        location.assign(option.href);
      }
    }
  }

  function show() {
    if (dialog.open) return;
    field.value = "";
    if (!list.childElementCount || shown) list.replaceChildren();
    dialog.showModal();
    field.focus();
    void ask();
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, field.value ? PAUSE : 0);
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 }[event.key];
    if (by) {
      event.preventDefault();
      choose(moved(options().length, chosen(), by));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (shown === field.value) open(event.ctrlKey || event.metaKey);
      else enter = true;
    }
  });
  list.addEventListener("mousemove", (event) => {
    const over = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    const place = over ? options().indexOf(/** @type {HTMLElement} */ (over)) : -1;
    if (place >= 0 && place !== chosen()) choose(place);
  });
  list.addEventListener("click", (event) => {
    const over = event.target instanceof Element ? event.target.closest("[data-act]") : null;
    if (!(over instanceof HTMLElement)) return;
    dialog.close();
    perform(over.dataset.act ?? "");
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.querySelector("[data-palette-close]")?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    asking?.abort();
    clearTimeout(timer);
    enter = false;
  });
  document.addEventListener("slipway:palette", show);
  document.addEventListener("click", (event) => {
    const opener = event.target instanceof Element ? event.target.closest("[data-palette-open]") : null;
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show();
  });
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.getAttribute("action")?.includes("logout")) forget();
  });
  note();

  function forget() {
    try {
      localStorage.removeItem(storage);
    } catch {
      // Storage may be refused; then nothing was kept.
    }
  }

  function here() {
    return location.pathname + location.search;
  }

  /** This page, under the name of its title, when it is about one thing: lists are found without being remembered. */
  function note() {
    const name = document.title.replace(/ · Slipway$/, "");
    if (location.search || location.pathname.slice(home.length).split("/").length < 3) return;
    try {
      const before = believed(localStorage.getItem(storage), home);
      localStorage.setItem(storage, JSON.stringify(remembered(before, { href: here(), name })));
    } catch {
      // Storage may be refused; then nothing is recent.
    }
  }
}

/** @param {string} act */
function perform(act) {
  if (act === "shortcuts") return showShortcuts();
  const wanted = act.replace("theme-", "");
  const toggle = document.querySelector("[data-theme-toggle]");
  // The one button knows how a theme is kept; three presses go around.
  for (let presses = 0; presses < 3 && (document.documentElement.dataset.theme ?? "system") !== wanted; presses++)
    /** @type {HTMLElement | null} */ (toggle)?.click();
}

if (typeof document !== "undefined") {
  const dialog = document.getElementById("palette");
  if (dialog instanceof HTMLDialogElement) start(dialog);
  if (/Mac|iPhone|iPad/.test(navigator.platform))
    for (const cap of document.querySelectorAll("[data-keys-of=palette]")) cap.textContent = "⌘ K";
}
