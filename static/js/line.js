// @ts-check
// The page's one websocket: connects, notices silence, and after any cut comes back by itself.

/**
 * @typedef {{type: string, stream?: string, asked?: string, number?: number, head?: number, kind?: string, at?: string,
 *   body?: Record<string, any>, why?: string, status?: number, viewers?: number, html?: Record<string, string>}} Frame
 * @typedef {{onFrame: (frame: Frame) => void, onAway: (since: Date) => void, onEnd: (code: number, why: string) => void}} Listener
 */

const SILENCE_MS = 25_000; // the server says something every 10 s
const ENDS = new Set([4401, 4403, 4404]);

export class Line {
  /**
   * @param {string | URL} address
   * @param {Listener} listener
   */
  constructor(address, listener) {
    this.address = address;
    this.listener = listener;
    this.tries = 0;
    this.heardAt = 0;
    this.why = "";
    this.awaySince = new Date();
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.stopped = false;
  }

  /** Begins, and watches over what can cut a line without its knowing. */
  start() {
    setInterval(() => this.watch(), 5000);
    addEventListener("online", () => this.hurry());
    // A browser that knows it is offline leaves a dead socket open for minutes.
    addEventListener("offline", () => this.socket && this.drop(new Date()));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
    document.addEventListener("resume", () => this.hurry());
    // A page that goes into the back-forward cache loses its socket without a word.
    addEventListener("pageshow", (event) => event.persisted && this.hurry());
    this.connect();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  connect() {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    const socket = new WebSocket(this.address);
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onmessage = (message) => socket === this.socket && this.hear(JSON.parse(message.data));
    socket.onclose = (event) => socket === this.socket && this.lose(event.code, event.reason, new Date());
  }

  /** @param {object} wish */
  say(wish) {
    this.socket?.send(JSON.stringify(wish));
  }

  /** @param {Frame} frame */
  hear(frame) {
    this.heardAt = Date.now();
    if (frame.type === "hello") this.tries = 0;
    if (frame.type === "closing") this.why = frame.why ?? "";
    this.listener.onFrame(frame);
  }

  /**
   * @param {number} code
   * @param {string} reason
   * @param {Date} since
   */
  lose(code, reason, since) {
    this.socket = null;
    if (ENDS.has(code)) {
      this.listener.onEnd(code, this.why || reason);
      return;
    }
    if (this.tries === 0) this.awaySince = since;
    this.listener.onAway(this.awaySince);
    this.timer = setTimeout(() => this.connect(), pauseBefore(this.tries));
    this.tries = Math.min(this.tries + 1, 8);
  }

  /** A socket that has been silent for too long is dead, whatever the browser believes: the machine slept. */
  watch() {
    if (this.socket && Date.now() - this.heardAt > SILENCE_MS) this.drop(new Date(this.heardAt));
  }

  hurry() {
    if (this.timer !== undefined) this.connect();
    else this.watch();
  }

  /** @param {Date} since */
  drop(since) {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.lose(1006, "", since);
  }
}

/**
 * 0.3 s, 0.6 s … 10 s, each with up to half of it added, so that a thousand pages do not come back at once.
 * @param {number} tries
 * @param {() => number} dice
 */
export function pauseBefore(tries, dice = Math.random) {
  return Math.min(10_000, 300 * 2 ** tries) * (1 + dice() / 2);
}
