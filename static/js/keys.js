// @ts-check
// The keyboard, from one table: what the dialog of shortcuts shows is what is pressed. Never while typing in a field.

/**
 * @typedef {object} Shortcut
 * @property {string[]} keys pressed one after the other
 * @property {string} words
 * @property {string} group
 * @property {string} [go] where to, below the organization's address
 * @property {"next" | "previous" | "toggle" | "help" | "palette" | "none"} act
 */

/** @type {readonly Shortcut[]} */
export const SHORTCUTS = [
  { keys: ["/"], words: "Search or jump to", group: "Everywhere", act: "palette" },
  { keys: ["?"], words: "All shortcuts", group: "Everywhere", act: "help" },
  { keys: ["Esc"], words: "Close what is open", group: "Everywhere", act: "none" },
  { keys: ["j"], words: "Next row", group: "Lists", act: "next" },
  { keys: ["k"], words: "Row before", group: "Lists", act: "previous" },
  { keys: ["Enter"], words: "Open the row", group: "Lists", act: "none" },
  { keys: ["x"], words: "Choose the row", group: "Lists", act: "toggle" },
  { keys: ["g", "h"], words: "Home", group: "Go to", go: "", act: "none" },
  { keys: ["g", "a"], words: "Applications", group: "Go to", go: "applications/", act: "none" },
  { keys: ["g", "r"], words: "Rollouts", group: "Go to", go: "rollouts/", act: "none" },
  { keys: ["g", "v"], words: "Approvals", group: "Go to", go: "approvals/", act: "none" },
  { keys: ["g", "e"], words: "Environments", group: "Go to", go: "environments/", act: "none" },
  { keys: ["g", "c"], words: "Clusters", group: "Go to", go: "clusters/", act: "none" },
  { keys: ["g", "s"], words: "Settings", group: "Go to", go: "settings/", act: "none" },
];
const PATIENCE = 1200; // ms between the two keys of one shortcut

/**
 * What a key means after those that came before it. `waits`: a longer shortcut begins so.
 * @param {readonly string[]} before
 * @param {string} key
 * @returns {{ found: Shortcut | null, waits: string[] }}
 */
export function understand(before, key) {
  for (const pressed of before.length ? [[...before, key], [key]] : [[key]]) {
    const begun = SHORTCUTS.filter((shortcut) => pressed.every((each, place) => shortcut.keys[place] === each));
    const found = begun.find((shortcut) => shortcut.keys.length === pressed.length) ?? null;
    if (found) return { found, waits: [] };
    if (begun.length) return { found: null, waits: pressed };
  }
  return { found: null, waits: [] };
}

/**
 * The place of the next row: the first when none is chosen yet, never beyond an end.
 * @param {number} count
 * @param {number} at -1 for none
 * @param {1 | -1} by
 */
export function nextRow(count, at, by) {
  if (count === 0) return -1;
  if (at < 0) return by > 0 ? 0 : count - 1;
  return Math.min(count - 1, Math.max(0, at + by));
}

/**
 * @param {{ tagName: string, type?: string, isContentEditable?: boolean } | null} element
 */
export function isTyping(element) {
  if (!element) return false;
  if (element.isContentEditable || element.tagName === "TEXTAREA" || element.tagName === "SELECT") return true;
  const pressed = ["checkbox", "radio", "button", "submit", "reset", "range", "color", "file"];
  return element.tagName === "INPUT" && !pressed.includes(element.type ?? "text");
}

/** @param {Element} element */
const isVisible = (element) => element.checkVisibility();

/** @returns {HTMLElement[]} */
function rows() {
  return /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-row]")].filter(isVisible));
}

/** @param {Element} row */
const around = (row) => row.closest("tr, li, [data-row-of]") ?? row;

/** @param {HTMLElement[]} all */
function chosen(all) {
  const at = document.activeElement;
  return all.findIndex((row) => row === at || (at instanceof Element && at !== document.body && around(row).contains(at)));
}

/** @param {1 | -1} by */
function moveRow(by) {
  const all = rows();
  const row = all[nextRow(all.length, chosen(all), by)];
  row?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}

function toggleRow() {
  const all = rows();
  const row = all[chosen(all)];
  const box = row && around(row).querySelector("input[type=checkbox]:not(:disabled)");
  if (box instanceof HTMLElement) box.click();
}

/** @param {string} place */
function go(place) {
  const home = document.querySelector("#palette")?.getAttribute("data-home") ?? "";
  for (const link of document.querySelectorAll(".rail a[href]"))
    if (link.getAttribute("href") === home + place) return /** @type {HTMLElement} */ (link).click();
}

/**
 * What this page adds to the table: whatever names its key.
 * @returns {HTMLElement[]}
 */
function keyed() {
  const found = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-key]")]);
  return found.filter((element) => element.dataset.key && isVisible(element));
}

/** @param {HTMLElement} element */
const nameOf = (element) =>
  (element.dataset.keyWords ?? element.getAttribute("aria-label") ?? element.textContent ?? "").trim();

/**
 * @param {string} tag
 * @param {string} text
 */
function made(tag, text = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

/** @param {readonly string[]} keys */
function keyCaps(keys) {
  const caps = made("dd");
  keys.forEach((key, place) => caps.append(place ? " then " : "", made("kbd", key)));
  return caps;
}

export function showShortcuts() {
  let dialog = document.getElementById("shortcuts");
  if (!(dialog instanceof HTMLDialogElement)) {
    dialog = document.createElement("dialog");
    dialog.id = "shortcuts";
    dialog.className = "shortcuts";
    dialog.setAttribute("aria-labelledby", "shortcuts-title");
    document.body.append(dialog);
  }
  const body = made("div");
  body.className = "shortcuts-body";
  const header = made("header");
  const title = made("h2", "Keyboard shortcuts");
  title.id = "shortcuts-title";
  const close = made("button", "Close");
  close.className = "btn";
  close.addEventListener("click", () => /** @type {HTMLDialogElement} */ (dialog).close());
  const gap = made("span");
  gap.className = "grow";
  header.append(title, gap, close);
  const columns = made("div");
  columns.className = "shortcuts-columns";
  /** @type {Map<string, [string, string[]][]>} */
  const groups = new Map();
  const onPage = keyed().map((element) => /** @type {[string, string[]]} */ ([nameOf(element), [element.dataset.key ?? ""]]));
  if (onPage.length) groups.set("On this page", onPage);
  for (const { group, words, keys } of SHORTCUTS) groups.set(group, [...(groups.get(group) ?? []), [words, keys]]);
  for (const [group, lines] of groups) {
    const section = made("section");
    section.setAttribute("aria-label", group);
    const list = made("dl");
    for (const [words, keys] of lines) list.append(made("dt", words), keyCaps(keys));
    section.append(made("h3", group), list);
    columns.append(section);
  }
  body.append(header, columns);
  dialog.replaceChildren(body);
  if (!(/** @type {HTMLDialogElement} */ (dialog).open)) /** @type {HTMLDialogElement} */ (dialog).showModal();
}

/** @param {Shortcut} shortcut */
function press(shortcut) {
  if (shortcut.go !== undefined) go(shortcut.go);
  else if (shortcut.act === "next") moveRow(1);
  else if (shortcut.act === "previous") moveRow(-1);
  else if (shortcut.act === "toggle") toggleRow();
  else if (shortcut.act === "help") showShortcuts();
  else if (shortcut.act === "palette") document.dispatchEvent(new CustomEvent("slipway:palette"));
}

export function listen() {
  /** @type {string[]} */
  let waiting = [];
  let since = 0;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      document.dispatchEvent(new CustomEvent("slipway:palette"));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(/** @type {any} */ (event.target)) || document.querySelector("dialog[open]")) return;
    const before = event.timeStamp - since < PATIENCE ? waiting : [];
    const own = before.length ? undefined : keyed().find((element) => element.dataset.key === event.key);
    const { found, waits } = own ? { found: null, waits: [] } : understand(before, event.key);
    [waiting, since] = [waits, event.timeStamp];
    if (!own && (!found || (found.act === "none" && found.go === undefined))) return;
    event.preventDefault();
    if (own) own.click();
    else if (found) press(found);
  });
}

if (typeof document !== "undefined") listen();
