// @ts-check
// A container's output. It comes on a socket of its own; what is kept of it here has an end, as it has on the server.

import { goDark } from "./dark.js";
import { Line } from "./line.js";
import { clockWords } from "./moments.js";

/**
 * @typedef {[at: string, text: string, cut: number]} Entry
 * @typedef {{name: string, kind: string, words: string, image: string, previous: boolean}} Container
 * @typedef {{type: string, container?: string, containers?: Container[], previous?: boolean, node?: string,
 *   known_values?: number, unread_secrets?: string[], lines?: Entry[] | number, state?: string, words?: string}} LogFrame
 */

const MOST_LINES = 5000; // in the page; older ones go
const MOST_HELD = 2000; // while paused or out of sight
const card = document.getElementById("pod-log");
const list = document.getElementById("log-lines");
if (card && list) open(card, list);

/**
 * @param {HTMLElement} card
 * @param {HTMLElement} list
 */
function open(card, list) {
  let container = card.dataset.container ?? "";
  let previous = card.dataset.previous !== undefined;
  let paused = false;
  let following = true;
  let lost = 0; // lines that were written and are not here
  let state = "";
  let told = "";
  /** @type {Entry[]} */
  let held = [];
  let drawing = false;
  /** @type {HTMLElement[]} */
  let hits = [];
  let hit = -1;
  /** @type {Line | undefined} */
  let line;
  let last = "";
  let seen = ""; // before the connection was lost

  const part = (/** @type {string} */ id) => document.getElementById(`log-${id}`);
  const say = (/** @type {string} */ words) => {
    const sign = part("state");
    if (sign && sign.textContent !== words) sign.textContent = words;
  };

  function connect() {
    line?.stop();
    const address = new URL(card.dataset.socket ?? "", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.search = new URLSearchParams({ container, previous: previous ? "1" : "", lines: "500" }).toString();
    line = new Line(address, {
      onFrame: (frame) => hear(/** @type {LogFrame} */ (/** @type {unknown} */ (frame))),
      onAway: (since) => say(line?.why || `Not connected since ${clockWords(since)}; what came before stays shown.`),
      onEnd(code, why) {
        const main = document.getElementById("main");
        if (main) goDark(main, code, why);
      },
    });
    line.start();
  }

  /** @param {LogFrame} frame */
  function hear(frame) {
    if (frame.type === "hello") seen = last;
    else if (frame.type === "pod") meet(frame);
    else if (frame.type === "skipped") note(Number(frame.lines));
    else if (frame.type === "lines" && Array.isArray(frame.lines)) take(frame.lines);
    else if (frame.type === "state") {
      state = frame.state ?? "";
      tellState(frame.words ?? "");
    }
  }

  /** @param {string} [words] the server's; left out: the same as before */
  function tellState(words) {
    if (words !== undefined) told = state === "following" ? "Following." : words;
    say(paused ? `Paused; ${held.length} new ${held.length === 1 ? "line waits" : "lines wait"}.` : told);
    card.dataset.state = state;
  }

  /** @param {LogFrame} frame */
  function meet({ containers = [], container: shown = "", known_values = 0, unread_secrets = [] }) {
    part("tools")?.removeAttribute("hidden");
    const chooser = part("container");
    if (chooser instanceof HTMLSelectElement) {
      chooser.replaceChildren(
        ...containers.map((one) => new Option(`${one.name}${one.kind ? ` (${one.kind})` : ""}: ${one.words}`, one.name)),
      );
      chooser.value = shown;
    }
    container = shown;
    const kept = containers.find((one) => one.name === shown)?.previous ?? false;
    for (const button of card.querySelectorAll("[data-run]")) {
      if (!(button instanceof HTMLElement)) continue;
      const isPrevious = button.dataset.run === "previous";
      button.setAttribute("aria-pressed", String(isPrevious === previous));
      const why = isPrevious && !kept ? "It was not restarted, so there is no run before this one." : "";
      if (why) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
      button.title = why;
    }
    const secrets = part("secrets");
    if (secrets) {
      const unread = unread_secrets.length
        ? ` Slipway may not read ${unread_secrets.join(", ")}, so those values are recognised by their shape alone.`
        : "";
      const known = known_values === 1 ? "The secret value" : `The ${known_values} secret values`;
      const masked = known_values ? `${known} given to this pod, and whatever else looks like a secret, is` : "Whatever looks like a secret is";
      secrets.textContent = `${masked} masked as ••••••. Do not count on it: a program can write one in a form that nobody knows.${unread}`;
    }
  }

  /** @param {Entry[]} entries */
  function take(entries) {
    // After a lost connection the server begins again with the last lines; what is here already is not shown twice.
    const fresh = seen ? entries.filter(([at]) => !at || order(at) > seen) : entries;
    for (const [at] of entries) if (order(at) > last) last = order(at);
    held.push(...fresh);
    if (paused || document.visibilityState === "hidden") {
      const over = held.length - MOST_HELD;
      if (over > 0) {
        held.splice(0, over);
        lost += over;
      }
      if (paused) tellState();
      return;
    }
    if (!drawing) {
      drawing = true;
      requestAnimationFrame(draw);
    }
  }

  function draw() {
    drawing = false;
    const entries = held;
    held = [];
    if (lost) {
      list.append(skipped(lost));
      lost = 0;
    }
    list.append(...entries.map(lineOf));
    while (list.childElementCount > MOST_LINES) list.firstElementChild?.remove();
    if (find()) mark(list.querySelectorAll("li:not([data-searched])"));
    if (following) list.scrollTop = list.scrollHeight;
  }

  /** @param {number} count */
  function note(count) {
    lost += count;
  }

  /** @param {number} count */
  function skipped(count) {
    const item = document.createElement("li");
    item.className = "skipped";
    item.textContent = `${count} ${count === 1 ? "line" : "lines"} skipped: they came faster than they could be shown`;
    return item;
  }

  /** @param {Entry} entry */
  function lineOf([at, text, cut]) {
    const item = document.createElement("li");
    if (at) {
      const time = document.createElement("time");
      time.dateTime = at;
      time.title = at;
      time.textContent = clockWords(new Date(at));
      item.append(time, " ");
    }
    const words = document.createElement("span");
    words.textContent = text;
    if (/\b(error|fatal|panic|exception)\b/i.test(text)) words.className = "bad";
    item.append(words);
    if (cut) {
      const more = document.createElement("em");
      more.textContent = ` … ${cut} characters more`;
      item.append(more);
    }
    return item;
  }

  function find() {
    const field = part("find");
    return field instanceof HTMLInputElement ? field.value.toLowerCase() : "";
  }

  /** @param {Iterable<Element>} items */
  function mark(items) {
    const sought = find();
    for (const item of items) {
      item.setAttribute("data-searched", "");
      const found = sought !== "" && (item.textContent ?? "").toLowerCase().includes(sought);
      item.classList.toggle("hit", found);
      if (found && item instanceof HTMLElement) hits.push(item);
    }
    const words = part("found");
    if (words) words.textContent = sought ? `${hits.length} ${hits.length === 1 ? "line" : "lines"}` : "";
  }

  function search() {
    for (const item of list.querySelectorAll(".hit, .current")) item.classList.remove("hit", "current");
    hits = [];
    hit = -1;
    mark(list.children);
    if (hits.length) step(-1);
  }

  /** @param {number} by */
  function step(by) {
    hits = hits.filter((item) => item.isConnected);
    if (!hits.length) return;
    hits[hit]?.classList.remove("current");
    hit = (hit + by + hits.length) % hits.length;
    if (hit < 0) hit = hits.length - 1;
    follow(false);
    hits[hit].classList.add("current");
    hits[hit].scrollIntoView({ block: "nearest" });
    const words = part("found");
    if (words) words.textContent = `${hit + 1} of ${hits.length} lines`;
  }

  /** @param {boolean} on */
  function follow(on) {
    following = on;
    part("follow")?.toggleAttribute("hidden", on);
    if (on) list.scrollTop = list.scrollHeight;
  }

  function pause() {
    paused = !paused;
    const button = part("pause");
    if (button) {
      button.setAttribute("aria-pressed", String(paused));
      button.textContent = paused ? "Go on" : "Pause";
    }
    if (!paused) draw();
    tellState();
  }

  /** Exactly what is shown: masked, and with what was skipped said. */
  function save() {
    const text = [...list.children].map((item) => {
      const time = item.querySelector("time")?.dateTime;
      const words = (item.querySelector("span") ?? item).textContent ?? "";
      return time ? `${time} ${words}` : words;
    });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${text.join("\n")}\n`], { type: "text/plain" }));
    link.download = `${card.dataset.file}-${container}${previous ? "-previous" : ""}.log`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  function another() {
    list.replaceChildren();
    [held, lost, last, seen, hits, hit] = [[], 0, "", "", [], -1];
    follow(true);
    if (paused) pause();
    say("Asking the cluster…");
    const address = new URL(location.href);
    address.search = new URLSearchParams({ container, ...(previous ? { previous: "1" } : {}) }).toString();
    history.replaceState(history.state, "", address);
    connect();
  }

  part("pause")?.addEventListener("click", pause);
  part("save")?.addEventListener("click", save);
  part("follow")?.addEventListener("click", () => follow(true));
  part("find")?.addEventListener("input", search);
  part("find")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    step(event.shiftKey ? -1 : 1);
  });
  for (const [id, name] of [["wrap", "wrapped"], ["times", "timed"]]) {
    const box = part(id);
    if (!(box instanceof HTMLInputElement)) continue;
    const apply = () => list.classList.toggle(name, box.checked);
    box.addEventListener("change", apply);
    apply();
  }
  part("container")?.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLSelectElement)) return;
    [container, previous] = [event.target.value, false];
    another();
  });
  card.addEventListener("click", (event) => {
    const run = event.target instanceof Element ? event.target.closest("[data-run]") : null;
    if (!(run instanceof HTMLElement) || run.getAttribute("aria-disabled") === "true") return;
    if ((run.dataset.run === "previous") === previous) return;
    previous = !previous;
    another();
  });
  list.addEventListener("scroll", () => {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
    if (atEnd !== following) follow(atEnd);
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && !paused && draw());
  connect();
}

/**
 * Moments as nodes write them leave out the last zeros of a fraction.
 * @param {string} at
 */
function order(at) {
  const [whole, rest = ""] = at.split(".");
  return at && `${whole.slice(0, 19)}.${(/^\d*/.exec(rest)?.[0] ?? "").padEnd(9, "0")}`;
}
