// @ts-check
import { follow } from "./following.js";
import { refreshMoments } from "./moments.js";

/** @type {number | undefined} */
let timer;

/** What waits for me is mine alone, so it is fetched; events that come together are one fetch. */
function refreshMine() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    // @ts-ignore htmx is a classic script
    window.htmx.trigger("#home-mine", "refresh");
  }, 200 + Math.random() * 300);
}

follow({
  onHello(missed) {
    if (!missed) return;
    refreshMine();
    // @ts-ignore htmx is a classic script
    window.htmx.trigger("#home-matrix", "refresh");
  },
  onEvent: refreshMine,
});
document.addEventListener("htmx:afterSettle", () => refreshMoments());
