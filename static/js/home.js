// @ts-check
// Home: follows what moves on it, and says more about the cell that somebody points at.

import { follow, leave, onFragments } from "./live.js";
import { refreshMoments } from "./moments.js";

const MOST_FOLLOWED = 12; // a page may follow 16 streams; `Matrix.followed` says the same
const PATIENCE_MS = 180; // a pointer that only passes asks for nothing

/** @type {Set<string>} */
const followed = new Set();

/** @param {(stream: string) => void} begin */
function followMoving(begin) {
  const moving = [...document.querySelectorAll("#home-matrix [data-rollout]")].slice(0, MOST_FOLLOWED);
  const wanted = new Set(moving.map((cell) => `rollout:${cell.getAttribute("data-rollout")}`));
  for (const stream of [...followed]) {
    if (wanted.has(stream)) continue;
    followed.delete(stream);
    leave(stream);
  }
  for (const stream of wanted) {
    if (followed.has(stream)) continue;
    followed.add(stream);
    begin(stream);
  }
}

followMoving(() => {}); // those the page itself names in its streams
onFragments("activity", () => followMoving((stream) => follow(stream)));
document.addEventListener("htmx:afterSettle", () => followMoving((stream) => follow(stream)));

const box = document.getElementById("cell-detail");
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {Element | null} */
let pointed = null;

/** @param {Event} event */
function point(event) {
  const cell = event.target instanceof Element ? event.target.closest("#home-matrix .cell") : null;
  if (cell === pointed) return;
  hide();
  pointed = cell;
  if (cell) timer = setTimeout(() => tell(cell), PATIENCE_MS);
}

/** @param {Element} cell */
async function tell(cell) {
  const target = cell.id.replace(/^cell-/, "");
  const answer = await fetch(`${location.pathname}?part=detail&target=${target}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || pointed !== cell || !box) return;
  box.innerHTML = await answer.text();
  refreshMoments(box);
  place(cell, box);
  cell.setAttribute("aria-describedby", box.id);
}

/**
 * Below the cell, or above where there is no room; never beyond an edge.
 * @param {Element} cell
 * @param {HTMLElement} detail
 */
function place(cell, detail) {
  detail.hidden = false;
  const at = cell.getBoundingClientRect();
  const size = detail.getBoundingClientRect();
  const below = at.bottom + 6;
  const top = below + size.height < innerHeight ? below : at.top - size.height - 6;
  detail.style.top = `${Math.max(8, top)}px`;
  detail.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
}

function hide() {
  clearTimeout(timer);
  pointed?.removeAttribute("aria-describedby");
  pointed = null;
  if (box) box.hidden = true;
}

document.addEventListener("mouseover", point);
document.addEventListener("focusin", point);
document.addEventListener("scroll", hide, { passive: true, capture: true });
document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
