// @ts-check
// When the parts of a page that are fetched, not pushed, are fetched anew. Many events are one fetch, and many pages
// do not fetch in the same moment.

const QUIET_MS = 300; // so long after the last event …
const PATIENCE_MS = 1500; // … but never later than this after the first
const SPREAD_MS = 200;
const SPREAD_PER_VIEWER_MS = 15; // some 60 fetches a second at most, however many look
const MOST_SPREAD_MS = 10_000;
const AGAIN_MS = 3000;

/** @typedef {{first: number, jitter: number, timer: ReturnType<typeof setTimeout>}} Due */

export class Regions {
  /**
   * @param {(id: string) => void} fetch
   * @param {{now?: () => number, dice?: () => number}} [chance]
   */
  constructor(fetch, { now = Date.now, dice = Math.random } = {}) {
    this.fetch = fetch;
    this.now = now;
    this.dice = dice;
    this.viewers = 1;
    /** @type {Map<string, Due>} */
    this.due = new Map();
  }

  /** @param {string} id */
  want(id) {
    const now = this.now();
    const waiting = this.due.get(id);
    if (waiting) clearTimeout(waiting.timer);
    const first = waiting?.first ?? now;
    const jitter = waiting?.jitter ?? this.dice() * this.spread();
    const at = Math.min(now + QUIET_MS, first + PATIENCE_MS) + jitter;
    this.due.set(id, { first, jitter, timer: setTimeout(() => this.go(id), Math.max(0, at - now)) });
  }

  /**
   * It did not come: the server may be starting anew.
   * @param {string} id
   */
  failed(id) {
    if (this.due.has(id)) return;
    const jitter = this.dice() * (AGAIN_MS + this.spread());
    this.due.set(id, { first: this.now(), jitter, timer: setTimeout(() => this.go(id), AGAIN_MS + jitter) });
  }

  /** @param {string} id */
  go(id) {
    this.due.delete(id);
    this.fetch(id);
  }

  stop() {
    for (const { timer } of this.due.values()) clearTimeout(timer);
    this.due.clear();
  }

  spread() {
    return Math.min(MOST_SPREAD_MS, Math.max(SPREAD_MS, this.viewers * SPREAD_PER_VIEWER_MS));
  }
}

/**
 * Whether a region with this `data-region` shows that stream: by name (`rollout:<id>`) or by kind (`rollout`).
 * @param {string} region
 * @param {{name: string, asked: string}} stream
 */
export function shows(region, { name, asked }) {
  return region.split(/\s+/).some((word) => word === name || word === asked || word === name.split(":")[0]);
}
