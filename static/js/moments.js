// @ts-check
// Moments in the viewer's words: ages that stay true, times of day in the viewer's zone, running counts.

/** @param {string} zone */
function formats(zone) {
  const timeZone = zone || undefined;
  return {
    clock: new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone }),
    whole: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", timeZone }),
  };
}

function chosenZone() {
  try {
    return localStorage.getItem("slipway-zone") ?? "";
  } catch {
    return "";
  }
}

let { clock, whole } = formats("");
useZone(chosenZone());

/** The zone in which times are told; "" is the browser's own. One that this browser does not know changes nothing.
 * @param {string} zone */
export function useZone(zone) {
  try {
    ({ clock, whole } = formats(zone));
  } catch {
    // Kept by another browser's newer list of zones.
  }
}

/** @param {number} seconds */
export function ageWords(seconds) {
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10 || 5} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** @param {number} seconds */
export function countWords(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const rest = String(seconds % 60).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${rest} min`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")}`;
}

/**
 * How far off something is; what is only usual is said to be about so, and overdue when it is.
 * @param {number} seconds until then, negative when it has passed
 * @param {boolean} exact
 */
export function untilWords(seconds, exact) {
  if (exact) return seconds > 0 ? `in ${countWords(seconds)}` : "now";
  if (seconds < -10) return `${countWords(-seconds)} later than usual`;
  if (seconds < 5) return "any moment";
  return `in about ${countWords(seconds < 60 ? Math.ceil(seconds / 5) * 5 : Math.ceil(seconds / 10) * 10)}`;
}

/** @param {Date} moment */
export function clockWords(moment) {
  return clock.format(moment);
}

/** @param {ParentNode} root */
export function refreshMoments(root = document) {
  const now = Date.now();
  for (const element of root.querySelectorAll("time[datetime]")) {
    const time = /** @type {HTMLTimeElement} */ (element);
    const moment = new Date(time.dateTime);
    const seconds = Math.max(0, Math.floor((now - moment.getTime()) / 1000));
    let words = time.textContent;
    if (time.dataset.age !== undefined) words = ageWords(seconds);
    else if (time.dataset.since !== undefined) words = countWords(seconds);
    else if (time.dataset.until !== undefined)
      words = untilWords(Math.ceil((moment.getTime() - now) / 1000), time.dataset.until === "exact");
    else if (time.dataset.clock !== undefined) words = clock.format(moment);
    if (words !== time.textContent) time.textContent = words;
    const title = whole.format(moment);
    if (time.title !== title) time.title = title;
  }
}
