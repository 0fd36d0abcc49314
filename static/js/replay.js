// @ts-check
// The time slider. In the present it leads into the past, which is a page of its own; there it moves from event to event
// without leaving it: the server answers the page's fragments as they stood, and they are morphed in.

import { onFragments } from "./live.js";
import { onEvent } from "./live.js";
import { refreshMoments } from "./moments.js";
import { morph } from "./morph.js";

const LONGEST_PAUSE_MS = 1500; // hours of waiting for an approval are not played back
const SPEEDS = ["1", "10"];

let speed = SPEEDS[0];
let playing = false;
/** @type {number | undefined} */
let timer;
/** The moment that is wanted, and whether one is on its way: while dragging only the newest is asked for. */
let wanted = 0;
let asking = false;

const part = () => document.getElementById("rollout-replay");
const isLive = () => part()?.dataset.live !== undefined;
const base = () => part()?.dataset.base ?? "";
const last = () => Number(part()?.dataset.last);

/** @returns {HTMLInputElement | null} */
function slider() {
  const found = document.getElementById("replay-slider");
  return found instanceof HTMLInputElement ? found : null;
}

/** @param {number} number */
function go(number) {
  wanted = Math.min(Math.max(1, number), last());
  const track = slider();
  if (track) track.value = String(wanted);
  if (!asking) void ask();
}

async function ask() {
  asking = true;
  clearTimeout(timer);
  const number = wanted;
  const address = `${base()}at/${number}/`;
  try {
    const answer = await fetch(`${address}?speed=${speed}`, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected) {
      location.assign(address); // it says why by itself: signed out, gone
      return;
    }
    show(await answer.text());
    history.replaceState(history.state, "", address);
  } catch {
    stop();
    say("No answer from the server; the moment before stays shown.");
  } finally {
    asking = false;
  }
  if (wanted !== number) void ask();
  else if (playing) schedule();
}

/** @param {string} html */
function show(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const fragment of [...template.content.children]) {
    const present = document.getElementById(fragment.id);
    if (present) morph(present, fragment.outerHTML);
  }
  refreshMoments();
  paint();
}

/** What the slider itself keeps: the server's answer may be older than the hand that drags. */
function paint() {
  const track = slider();
  const when = document.getElementById("replay-when");
  if (track) {
    track.max = String(last());
    if (!isLive()) track.setAttribute("aria-valuetext", when?.textContent?.trim().replace(/\s+/g, " ") ?? "");
  }
  for (const button of document.querySelectorAll("[data-play]")) {
    button.setAttribute("aria-pressed", String(playing));
    button.setAttribute("aria-label", playing ? "Pause" : "Play");
    button.setAttribute("title", playing ? "Pause (space)" : "Play (space)");
    button.querySelector("use")?.setAttribute("href", playing ? "#i-paused" : "#i-play");
  }
  for (const button of document.querySelectorAll("[data-speed]")) {
    button.setAttribute("aria-pressed", String(button instanceof HTMLElement && button.dataset.speed === speed));
  }
}

function schedule() {
  const { next, nextMs } = part()?.dataset ?? {};
  if (!Number(next)) {
    stop();
    return;
  }
  timer = setTimeout(() => go(Number(next)), Math.min(LONGEST_PAUSE_MS, Number(nextMs) / Number(speed)));
}

function play() {
  if (isLive()) {
    location.assign(`${base()}at/1/#play`);
    return;
  }
  playing = true;
  paint();
  if (Number(slider()?.value) >= last()) go(1);
  else schedule();
}

function stop() {
  playing = false;
  clearTimeout(timer);
  paint();
}

/** @param {string} words */
function say(words) {
  const when = document.getElementById("replay-when");
  if (when) when.textContent = words;
}

/** @param {number} number */
function visit(number) {
  if (isLive()) location.assign(`${base()}at/${number}/`);
  else {
    stop();
    go(number);
  }
}

// In the present the slider grows with the rollout, unless a hand is on it.
onFragments("rollout", () => {
  const track = slider();
  if (!isLive() || !track) return;
  paint();
  if (!track.matches(":active")) track.value = track.max;
});

document.addEventListener("input", (event) => {
  if (event.target !== slider() || isLive()) return;
  stop();
  go(Number(slider()?.value));
});

// In the present the page is left only when the hand lets go.
document.addEventListener("change", (event) => {
  if (event.target === slider() && isLive()) visit(Number(slider()?.value));
});

document.addEventListener("click", (event) => {
  const clicked = event.target instanceof Element ? event.target : null;
  if (!clicked || !part()?.contains(clicked)) return;
  if (clicked.closest("[data-play]")) {
    if (playing) stop();
    else play();
  }
  const pace = clicked.closest("[data-speed]");
  if (pace instanceof HTMLElement) {
    speed = pace.dataset.speed ?? SPEEDS[0];
    paint();
  }
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const link = clicked.closest("a[data-number], a[data-step]");
  if (plain && link instanceof HTMLElement) {
    event.preventDefault();
    const { number, step } = link.dataset;
    visit(number ? Number(number) : Number(slider()?.value) + Number(step));
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== " " || event.target !== slider()) return;
  event.preventDefault();
  if (playing) stop();
  else play();
});

// The present moves on, and the right end with it.
onEvent("rollout", ({ number }) => {
  const [card, track] = [part(), slider()];
  if (!isLive() || !card || !track || !number || number <= last()) return;
  card.dataset.last = String(number);
  const atEnd = track.value === track.max;
  track.max = String(number);
  if (atEnd) track.value = track.max;
});

for (const hidden of document.querySelectorAll("#rollout-replay [hidden]")) hidden.removeAttribute("hidden");
paint();
if (location.hash === "#play" && !isLive()) play();
