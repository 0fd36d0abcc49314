// @ts-check
// The live part of every page of an organization. One websocket; on it the streams that the page follows.
//
// THE CONTRACT WITH A PAGE
//
//   <main data-live="/ws/organizations/acme/page/" data-streams="activity@12 rollout:<id>@340" data-fragments="rollout">
//
// `organization.html` writes it: every page follows the organization's activity, and `{% block streams %}` adds others,
// each with the number of the last event that the page shows. `data-fragments` (`{% block fragments %}`, "rollout" if
// nothing else is said) names the kinds of streams whose fragments the page wants to be pushed.
//
//   Pushed: fragments, by element id, rendered by the page's own templates (`apps/dashboard/pushing.py`).
//   Fetched: regions,
//       <section id="X" data-region="activity" hx-get="?part=X…" hx-trigger="refresh" hx-swap="outerHTML">
//     fetched anew when a stream that `data-region` names (kinds or names, space separated) has news, 0.3 s after the last
//     of them; `data-region=""`: only after a gap. After every gap all of them are. The answer holds the element with that
//     id, whole; it is morphed in (morph.js), and refused if it is something else.
//
// THE CONTRACT WITH A MODULE
//
//   import live.js (by its relative path: collected files are renamed, and two names would be two sockets) and take
//   `follow`, `leave`, `onEvent`, `onFragments`, `onReconnect`:
//
//   follow("rollout:<id or number>", after)   with `after` left out: from now on
//   leave("rollout:<id or number>")
//   onEvent("rollout", (event) => …)          each event of a stream (by kind or name), in number order, none twice
//   onFragments("rollout", (ids) => …)        after fragments were morphed in
//   onReconnect(() => …)                      after each gap: fetch what you hold, as regions do
//
// The three `on…` answer a function that takes the listener away. Without JavaScript, or without the socket, the page
// stays as it was rendered, and says since when.

import { goDark } from "./dark.js";
import { Line } from "./line.js";
import { clockWords, refreshMoments } from "./moments.js";
import { morph } from "./morph.js";
import { Positions, readStreams } from "./positions.js";
import { Regions, shows } from "./regions.js";
import { morphRegions } from "./swapping.js";

/**
 * @typedef {import("./line.js").Frame} Frame
 * @typedef {import("./positions.js").Position} Position
 */

const GONE = 404;

/** @type {Set<{stream: string, act: (frame: Frame) => void}>} */
const eventListeners = new Set();
/** @type {Set<{stream: string, act: (ids: string[]) => void}>} */
const fragmentListeners = new Set();
/** @type {Set<{act: () => void}>} */
const reconnectListeners = new Set();

const main = document.querySelector("main[data-live]");
const regions = new Regions((id) => {
  const region = document.getElementById(id);
  if (region) window.htmx.trigger(region, "refresh");
});
const positions = new Positions({
  say: (wish) => line?.say(wish),
  onNews(position, frame) {
    for (const { stream, act } of [...eventListeners]) if (shows(stream, position)) act(frame);
    refreshRegions((words) => shows(words, position));
  },
  onFragments(position, html) {
    for (const [id, text] of Object.entries(html)) {
      const element = document.getElementById(id);
      if (!element) continue;
      morph(element, text);
      refreshMoments(element);
      window.htmx.process(element);
    }
    for (const { stream, act } of [...fragmentListeners]) if (shows(stream, position)) act(Object.keys(html));
  },
  onGap: () => catchUp(),
  onRefused(position, frame) {
    if (frame.status === GONE && main instanceof HTMLElement && ofThePage.has(position.asked)) end(4404, frame.why ?? "");
    else console.warn(`${position.asked} is not followed: ${frame.why}`);
  },
  onComplete: () => sign("live", "live"),
});
// The streams of one page come back one by one; that is one gap.
const catchUp = debounced(() => {
  refreshRegions(() => true);
  for (const { act } of [...reconnectListeners]) act();
}, 50);
/** @type {Set<string>} */
const ofThePage = new Set();
/** @type {Line | undefined} */
let line;

/**
 * @param {string} stream
 * @param {number | null} [after]
 */
export function follow(stream, after = null) {
  positions.follow(stream, after, fragmentsWanted(stream));
}

/** @param {string} stream */
export function leave(stream) {
  positions.leave(stream);
}

/**
 * @param {string} stream
 * @param {(event: Frame) => void} act
 */
export function onEvent(stream, act) {
  return listen(eventListeners, { stream, act });
}

/**
 * @param {string} stream
 * @param {(ids: string[]) => void} act
 */
export function onFragments(stream, act) {
  return listen(fragmentListeners, { stream, act });
}

/** @param {() => void} act */
export function onReconnect(act) {
  return listen(reconnectListeners, { act });
}

/**
 * @template T
 * @param {Set<T>} listeners
 * @param {T} listener
 */
function listen(listeners, listener) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/**
 * @param {() => void} act
 * @param {number} milliseconds
 */
function debounced(act, milliseconds) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds);
  };
}

/** @param {string} stream */
function fragmentsWanted(stream) {
  const kinds = (main instanceof HTMLElement && main.dataset.fragments) || "rollout";
  return kinds.split(/\s+/).includes(stream.split(":")[0]);
}

/** @param {(words: string) => boolean} concerned */
function refreshRegions(concerned) {
  for (const region of document.querySelectorAll("[data-region][id]")) {
    if (concerned(region.getAttribute("data-region") ?? "")) regions.want(region.id);
  }
}

/**
 * @param {"live" | "away"} state
 * @param {string} words
 */
function sign(state, words) {
  const element = document.getElementById("live");
  if (!element || (element.dataset.state === state && element.textContent === words)) return;
  element.dataset.state = state;
  element.textContent = words;
}

/**
 * @param {number} code
 * @param {string} why
 */
function end(code, why) {
  line?.stop();
  regions.stop();
  if (main instanceof HTMLElement) goDark(main, code, why);
}

if (main instanceof HTMLElement && main.dataset.live) {
  morphRegions((region) => regions.failed(region.id));
  const address = new URL(main.dataset.live, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  line = new Line(address, {
    onFrame(frame) {
      if (frame.viewers !== undefined) regions.viewers = frame.viewers;
      if (frame.type === "hello") positions.greet();
      else positions.hear(frame);
    },
    onAway(since) {
      positions.cut();
      sign("away", `not connected since ${clockWords(since)}`);
    },
    onEnd: end,
  });
  for (const [stream, after] of readStreams(main.dataset.streams ?? "")) {
    ofThePage.add(stream);
    positions.follow(stream, after, fragmentsWanted(stream));
  }
  line.start();
}
