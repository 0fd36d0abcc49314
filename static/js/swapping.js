// @ts-check
// Regions (`data-region`) are morphed by htmx, not replaced; and an answer that is no region changes nothing.

import { become } from "./morph.js";
import { refreshMoments } from "./moments.js";

/** @param {(region: HTMLElement) => void} onFailure the region did not come, and may be asked for again */
export function morphRegions(onFailure) {
  window.htmx.defineExtension("morph", {
    isInlineSwap: (/** @type {string} */ style) => style === "morph",
    handleSwap(/** @type {string} */ style, /** @type {Element} */ target, /** @type {DocumentFragment} */ fragment) {
      if (style !== "morph") return false;
      const wanted = fragment.querySelector(`#${CSS.escape(target.id)}`);
      if (wanted) become(target, wanted);
      refreshMoments(target);
      return [target];
    },
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const detail = /** @type {CustomEvent} */ (event).detail;
    const { target, xhr } = detail;
    if (!isRegion(target)) return;
    // Another page in its place (the sign-in, an error) is none of the region's business.
    if (xhr.status === 200 && xhr.response.includes(`id="${target.id}"`)) detail.swapOverride = "morph";
    else if (isRefresh(detail)) detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const detail = /** @type {CustomEvent} */ (event).detail;
    const { elt, xhr } = detail;
    if (isRegion(elt) && isRefresh(detail) && (xhr.status === 0 || xhr.status >= 500)) onFailure(elt);
  });
}

/** @param {{requestConfig?: {triggeringEvent?: Event}}} detail */
function isRefresh({ requestConfig }) {
  return requestConfig?.triggeringEvent?.type === "refresh";
}

/**
 * @param {unknown} element
 * @returns {element is HTMLElement}
 */
function isRegion(element) {
  return element instanceof HTMLElement && element.dataset.region !== undefined && element.id !== "";
}
