// @ts-check
// Objects and pods of a rollout: each opens beside the page, says what it is on hover and on focus, and a row of pods is
// one stop of the keyboard, walked by the arrows.

const tip = document.createElement("div");
tip.className = "tip";
tip.popover = "manual";
tip.setAttribute("aria-hidden", "true"); // the square's own label says it to who listens
document.body.append(tip);

/** @param {EventTarget | null} target */
function squareOf(target) {
  const square = target instanceof Element ? target.closest("a.pod, .graph a[aria-label], [data-words], [data-why]") : null;
  return square instanceof HTMLElement || square instanceof SVGElement ? square : null;
}

/** @param {Element | null} square a pod, or a greyed button, which says why */
const wordsOf = (square) => square?.getAttribute("data-why") ?? square?.getAttribute("data-words") ?? square?.getAttribute("aria-label") ?? "";

/** @param {Element | null} square */
function tell(square) {
  const words = wordsOf(square);
  if (!words) {
    tip.hidePopover();
    return;
  }
  tip.textContent = words;
  if (!tip.matches(":popover-open")) tip.showPopover();
}

/** @type {Element | null} */
let told = null;

/** @param {Element | null} square */
function look(square) {
  if (square === told) return;
  told = square;
  tell(square);
}

document.addEventListener("pointerover", (event) => {
  const square = squareOf(event.target);
  // A tap opens it; and a button has a title.
  if (event.pointerType !== "touch") look(square?.hasAttribute("data-why") ? null : square);
});
document.addEventListener("focusin", (event) => {
  const square = squareOf(event.target);
  look(square?.matches(":focus-visible") ? square : null);
});
document.addEventListener("focusout", () => look(null));
document.addEventListener("scroll", () => look(null), { passive: true });

// What is shown of a square that changes under the pointer changes with it.
new MutationObserver(() => {
  if (!told) return;
  if (!told.isConnected) look(null);
  else if (tip.textContent !== wordsOf(told)) tell(told);
}).observe(document.getElementById("main") ?? document.body, {
  subtree: true,
  childList: true,
  attributeFilter: ["aria-label", "data-why", "data-words"],
});

const STEPS = new Map([["ArrowRight", 1], ["ArrowDown", 1], ["ArrowLeft", -1], ["ArrowUp", -1]]);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") look(null);
  const square = event.target instanceof Element ? event.target.closest("a.pod") : null;
  if (!square) return;
  const row = /** @type {HTMLElement[]} */ ([...(square.closest(".pods")?.querySelectorAll("a.pod") ?? [])]);
  const place = row.indexOf(/** @type {HTMLElement} */ (square));
  const step = STEPS.get(event.key);
  const next = step !== undefined ? row[place + step] : event.key === "Home" ? row[0] : event.key === "End" ? row.at(-1) : null;
  if (!next) return;
  event.preventDefault();
  next.focus();
});

// The panel. Without this script, and with a middle click, each is a page of its own.
const panel = document.getElementById("panel");

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-panel]") : null;
  if (!link || !(panel instanceof HTMLDialogElement)) return;
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  look(null);
  window.htmx.ajax("GET", link.getAttribute("href") ?? "", { target: "#panel-body", swap: "innerHTML" });
});

document.addEventListener("htmx:afterSwap", (event) => {
  const target = /** @type {CustomEvent} */ (event).detail.target;
  if (target?.id !== "panel-body" || !(panel instanceof HTMLDialogElement)) return;
  if (!panel.open) panel.showModal();
  panel.scrollTop = 0;
});
panel?.addEventListener("click", (event) => {
  const clicked = event.target instanceof Element ? event.target : null;
  if (!(panel instanceof HTMLDialogElement)) return;
  if (clicked === panel || clicked?.closest("[data-close]")) {
    event.preventDefault();
    panel.close();
  }
});
panel?.addEventListener("close", () => document.getElementById("panel-body")?.replaceChildren());
