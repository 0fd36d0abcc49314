// @ts-check
// What every live page does: shows whether it is connected, takes in fragments, goes dark when it must.

import { clockWords, refreshMoments } from "./moments.js";
import { morph } from "./morph.js";
import { Stream } from "./stream.js";

/**
 * @param {{onHello?: (missed: boolean) => void, onEvent?: () => void, onFragments?: () => void}} page
 * `missed` is true when the page fell behind while it was away.
 */
export function follow(page) {
  const main = document.querySelector("main[data-stream]");
  if (!(main instanceof HTMLElement) || !main.dataset.stream) return;
  let met = false;
  const stream = new Stream(main.dataset.stream, Number(main.dataset.after), {
    onState(state, since) {
      const sign = document.getElementById("live");
      if (!sign) return;
      sign.dataset.state = state;
      sign.textContent = state === "live" ? "live" : `not connected since ${clockWords(since)}`;
    },
    onFrame(frame) {
      if (frame.type === "hello") {
        page.onHello?.(met || (frame.head ?? 0) > stream.after);
        met = true;
      } else if (frame.type === "event" || frame.type === "snapshot") {
        page.onEvent?.();
      } else if (frame.type === "fragments" && frame.html) {
        for (const [id, html] of Object.entries(frame.html)) {
          const element = document.getElementById(id);
          if (element) morph(element, html);
        }
        refreshMoments();
        page.onFragments?.();
      }
    },
    onEnd: (code, why) => goDark(main, code, why),
  });
}

/**
 * The right is gone, so is what it showed.
 * @param {HTMLElement} main
 * @param {number} code
 * @param {string} why
 */
function goDark(main, code, why) {
  const dialog = document.getElementById("dialog");
  if (dialog instanceof HTMLDialogElement) dialog.close();
  document.getElementById("live")?.remove();
  document.title = "Slipway";
  const card = document.createElement("section");
  card.className = "card";
  card.id = "dark";
  const text = document.createElement("p");
  text.className = "empty";
  text.setAttribute("role", "alert");
  text.textContent = `${why || "This page is no longer yours to see."} `;
  const link = document.createElement("a");
  link.className = "link";
  link.href = "/";
  link.textContent = code === 4401 ? "Sign in" : "Your organizations";
  text.append(link);
  card.append(text);
  main.replaceChildren(card);
}
