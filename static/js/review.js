// @ts-check
// Reviews and their inbox: approving without leaving the comment, comments that are not lost, several chosen at once,
// and the review beside the list where there is room for it.

const WIDE = matchMedia("(min-width: 1241px)"); // as review.css lays it out
const DRAFT = "slipway-comment-";

/** Ctrl or Cmd with Enter approves, while one writes. What is greyed says why, as a click on it would. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  const form = event.target instanceof HTMLTextAreaElement ? event.target.form : null;
  const button = form?.querySelector("button[value=approve], [aria-disabled=true]");
  if (!(button instanceof HTMLElement)) return;
  event.preventDefault();
  button.click();
});

// A comment outlives the page it was written on: the plan may change while one writes, and the new one is another page.

/** @param {Element | null | undefined} element */
function draftOf(element) {
  const form = element?.closest("form[data-draft]");
  return form instanceof HTMLElement ? DRAFT + form.dataset.draft : "";
}

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLTextAreaElement) || !draftOf(field)) return;
  try {
    if (field.value) sessionStorage.setItem(draftOf(field), field.value);
    else sessionStorage.removeItem(draftOf(field));
  } catch {
    // Storage may be refused; then the comment lasts as long as the page.
  }
});

function takeUpDrafts() {
  for (const field of document.querySelectorAll("form[data-draft] textarea")) {
    if (!(field instanceof HTMLTextAreaElement) || field.value) continue;
    try {
      field.value = sessionStorage.getItem(draftOf(field)) ?? "";
    } catch {
      return;
    }
  }
}

function forgetDrafts() {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(DRAFT)) sessionStorage.removeItem(key);
  } catch {
    // Nothing was kept then.
  }
}

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, elt } = /** @type {CustomEvent} */ (event).detail;
  if (xhr.status === 204 && draftOf(elt)) forgetDrafts();
});

// Several at once.

function countChosen() {
  const words = document.getElementById("several-count");
  if (!words) return;
  const number = document.querySelectorAll("#several input[name=item]:checked").length;
  const text = number === 0 ? (words.dataset.none ?? "") : `${number} chosen`;
  if (words.textContent !== text) words.textContent = text;
  words.closest(".several")?.classList.toggle("some", number > 0);
}

document.addEventListener("change", countChosen);

document.addEventListener("slipway:decided", () => {
  forgetDrafts();
  for (const field of document.querySelectorAll("#inbox textarea")) if (field instanceof HTMLTextAreaElement) field.value = "";
  document.getElementById("outcomes")?.focus();
});
document.addEventListener("slipway:partly-decided", () => document.getElementById("outcomes")?.focus());

// Beside the list where there is room; on a phone the link is the way, and the review a page of its own.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-look]") : null;
  const inbox = document.getElementById("inbox");
  if (!(link instanceof HTMLElement) || !inbox?.querySelector("#look") || !WIDE.matches) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const address = `${inbox.dataset.address}look=${link.dataset.look}`;
  history.replaceState(history.state, "", address);
  window.htmx.ajax("GET", `${address}&part=inbox`, { target: "#inbox", swap: "outerHTML" });
});

document.addEventListener("htmx:afterSettle", () => {
  countChosen();
  takeUpDrafts();
});
countChosen();
takeUpDrafts();
