// @ts-check
import { follow } from "./following.js";

/** What one may press can have changed when this has. */
const buttons = () => document.getElementById("rollout-head")?.dataset.buttons;

let shown = buttons();

function refreshActions() {
  shown = buttons();
  // @ts-ignore htmx is a classic script
  window.htmx.trigger("#rollout-actions", "refresh");
}

follow({
  onHello(missed) {
    if (missed) refreshActions();
  },
  onFragments() {
    if (buttons() !== shown) refreshActions();
  },
});
