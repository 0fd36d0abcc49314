// @ts-check
// What the page follows, and how far it has got: after any cut it asks for exactly what it missed.

/**
 * @typedef {import("./line.js").Frame} Frame
 * @typedef {{asked: string, name: string, after: number | null, html: boolean, met: boolean, there: boolean}} Position
 * `asked` is what the page called it, `name` what the server does; `after` null: from now on. `met`: it was followed
 * before; `there`: it is at the moment.
 * @typedef {{
 *   say: (wish: object) => unknown,
 *   onNews: (position: Position, frame: Frame) => void,
 *   onFragments: (position: Position, html: Record<string, string>) => void,
 *   onGap: (position: Position) => void,
 *   onRefused: (position: Position, frame: Frame) => void,
 *   onComplete: () => void,
 * }} Listener
 * `onGap`: what was missed came, or comes, but not event by event, or while nobody looked: fetch what you show.
 */

export class Positions {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {Map<string, Position>} */
    this.followed = new Map();
    this.standing = false;
  }

  /**
   * @param {string} asked
   * @param {number | null} after
   * @param {boolean} html whether its fragments are wanted
   */
  follow(asked, after = null, html = false) {
    if (this.followed.has(asked)) return;
    const position = { asked, name: asked, after, html, met: false, there: false };
    this.followed.set(asked, position);
    this.ask(position);
  }

  /** @param {string} asked */
  leave(asked) {
    const position = this.followed.get(asked);
    if (!position) return;
    this.followed.delete(asked);
    if (this.standing) this.listener.say({ type: "leave", stream: position.name });
  }

  /** The line stands, for the first time or again. */
  greet() {
    this.standing = true;
    for (const position of this.followed.values()) this.ask(position);
    if (this.followed.size === 0) this.listener.onComplete();
  }

  cut() {
    this.standing = false;
    for (const position of this.followed.values()) position.there = false;
  }

  /** @param {Position} position */
  ask({ asked, after, html }) {
    if (!this.standing) return; // `greet` asks for all of them
    this.listener.say({ type: "follow", stream: asked, html, ...(after === null ? {} : { after }) });
  }

  /** @param {Frame} frame */
  hear(frame) {
    const position = this.find(frame);
    if (!position) return; // it was left, and this was under way
    if (frame.type === "following") this.begin(position, frame);
    else if (frame.type === "refused") {
      this.followed.delete(position.asked);
      this.listener.onRefused(position, frame);
    } else if (frame.type === "event" && frame.number !== undefined) {
      position.after = frame.number;
      this.listener.onNews(position, frame);
    } else if (frame.type === "snapshot" && frame.head !== undefined) {
      position.after = frame.head;
      this.listener.onGap(position);
    } else if (frame.type === "fragments" && frame.html) this.listener.onFragments(position, frame.html);
  }

  /**
   * @param {Position} position
   * @param {Frame} frame
   */
  begin(position, frame) {
    const gap = position.met || (position.after !== null && position.after !== frame.head);
    position.name = frame.stream ?? position.asked;
    position.after ??= frame.head ?? 0;
    position.met = position.there = true;
    if (gap) this.listener.onGap(position);
    if ([...this.followed.values()].every(({ there }) => there)) this.listener.onComplete();
  }

  /**
   * @param {Frame} frame
   * @returns {Position | undefined}
   */
  find(frame) {
    if (frame.asked) return this.followed.get(frame.asked);
    for (const position of this.followed.values()) if (position.name === frame.stream) return position;
    return undefined;
  }
}

/**
 * `data-streams`: `activity@12 rollout:<id>@340`.
 * @param {string} text
 * @returns {[string, number | null][]}
 */
export function readStreams(text) {
  return text.split(/\s+/).filter(Boolean).map((word) => {
    const [stream, after] = word.split("@");
    return [stream, after ? Number(after) : null];
  });
}
