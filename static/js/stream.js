// @ts-check
// One live stream: connects, follows, and after any interruption asks for exactly what it missed.

/**
 * @typedef {{type: string, number?: number, head?: number, why?: string, html?: Record<string, string>}} Frame
 * @typedef {"connecting" | "live" | "away"} State
 * @typedef {{onFrame: (frame: Frame) => void, onState: (state: State, since: Date) => void, onEnd: (code: number, why: string) => void}} Listener
 */

const SILENCE_MS = 25_000; // the server says something every 10 s
const ENDS = new Set([4401, 4403, 4404]);

export class Stream {
  /**
   * @param {string} path
   * @param {number} after the number of the last event that the page shows
   * @param {Listener} listener
   */
  constructor(path, after, listener) {
    this.path = path;
    this.after = after;
    this.listener = listener;
    this.tries = 0;
    this.heardAt = 0;
    this.why = "";
    this.awaySince = new Date();
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {number | undefined} */
    this.timer = undefined;
    setInterval(() => this.watch(), 5000);
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
    // A page that goes into the back-forward cache loses its socket without a word.
    addEventListener("pageshow", (event) => event.persisted && this.hurry());
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const address = new URL(this.path, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.search = new URLSearchParams({ after: String(this.after), html: "1" }).toString();
    const socket = new WebSocket(address);
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onmessage = (message) => socket === this.socket && this.hear(JSON.parse(message.data));
    socket.onclose = (event) => socket === this.socket && this.lose(event.code, event.reason);
  }

  /** @param {Frame} frame */
  hear(frame) {
    this.heardAt = Date.now();
    if (frame.type === "hello") {
      this.tries = 0;
      this.listener.onState("live", new Date());
    }
    if (frame.type === "closing") this.why = frame.why ?? "";
    if (frame.type === "event" && frame.number) this.after = frame.number;
    if (frame.type === "snapshot" && frame.head !== undefined) this.after = frame.head;
    this.listener.onFrame(frame);
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  lose(code, reason) {
    this.socket = null;
    if (ENDS.has(code)) {
      this.listener.onEnd(code, this.why || reason);
      return;
    }
    if (this.tries === 0) this.awaySince = new Date();
    this.listener.onState("away", this.awaySince);
    // 0.3 s, 0.6 s … 10 s, each with up to half of it added, so that a thousand pages do not come back at once.
    const pause = Math.min(10_000, 300 * 2 ** this.tries) * (1 + Math.random() / 2);
    this.tries = Math.min(this.tries + 1, 8);
    this.timer = setTimeout(() => this.connect(), pause);
  }

  /** A socket that has been silent for too long is dead, whatever the browser believes: the machine slept. */
  watch() {
    if (this.socket && Date.now() - this.heardAt > SILENCE_MS) this.drop();
  }

  hurry() {
    if (this.timer !== undefined) this.connect();
    else this.watch();
  }

  drop() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.lose(1006, "");
  }
}
