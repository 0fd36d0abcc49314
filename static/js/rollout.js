// @ts-check
import { onFragments } from "./live.js";

/** What one may press can have changed when this has. */
const buttons = () => document.getElementById("rollout-head")?.dataset.buttons;

let shown = buttons();

onFragments("rollout", () => {
  if (buttons() === shown) return;
  shown = buttons();
  window.htmx.trigger("#rollout-actions", "refresh");
});
