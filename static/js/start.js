// @ts-check
// Starting rollouts: the button says how many, and what began since the page was opened is followed, too.

import { follow } from "./live.js";

/** @param {Element} form */
function countPlaces(form) {
  const button = form.querySelector("button[type=submit][data-verb]");
  if (!(button instanceof HTMLElement)) return;
  const chosen = form.querySelectorAll("input[name=target]:checked").length;
  const verb = button.dataset.verb ?? "";
  button.textContent = chosen > 1 ? `${verb} in ${chosen} places` : verb;
}

document.addEventListener("change", (event) => {
  const form = event.target instanceof Element ? event.target.closest("form.start") : null;
  if (form) countPlaces(form);
});

document.addEventListener("htmx:afterSwap", () => {
  for (const form of document.querySelectorAll("form.start")) countPlaces(form);
  for (const train of document.querySelectorAll("[data-rollout]")) {
    if (train instanceof HTMLElement) follow(`rollout:${train.dataset.rollout}`);
  }
});
