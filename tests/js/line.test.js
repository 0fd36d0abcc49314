import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Line, pauseBefore } from "../../static/js/line.js";

/** @type {FakeSocket[]} */
let sockets;

class FakeSocket {
  constructor(address) {
    this.address = address;
    this.sent = [];
    this.open = true;
    sockets.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.open = false;
  }
  says(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }
}

/** In small steps: node's clock stands at the end of a tick while its timers run. */
function pass(milliseconds) {
  for (let left = milliseconds; left > 0; left -= 1) mock.timers.tick(1);
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  globalThis.WebSocket = FakeSocket;
  sockets = [];
});

function dialled() {
  const told = [];
  const line = new Line("ws://here/", {
    onFrame: ({ type }) => told.push(type),
    onAway: (since) => told.push(`away since ${since.getTime() - 1_000_000}`),
    onEnd: (code, why) => told.push(`end ${code} ${why}`),
  });
  line.connect();
  return { line, told };
}

test("it comes back by itself, more and more slowly, and says since when it is away", () => {
  const { told } = dialled();
  sockets[0].says({ type: "hello" });
  pass(5000);
  sockets[0].onclose({ code: 1006, reason: "" });
  pass(450);
  assert.equal(sockets.length, 2);
  sockets[1].onclose({ code: 1006, reason: "" });
  pass(599);
  assert.equal(sockets.length, 2);
  pass(301);
  assert.equal(sockets.length, 3);
  sockets[2].says({ type: "hello" });
  assert.deepEqual(told, ["hello", "away since 5000", "away since 5000", "hello"]);
});

test("a lost right is an end, in the server's words", () => {
  for (const code of [4401, 4403, 4404]) {
    const { told } = dialled();
    sockets.at(-1).says({ type: "closing", why: "You are signed out." });
    sockets.at(-1).onclose({ code, reason: "cut" });
    pass(60_000);
    assert.deepEqual(told, ["closing", `end ${code} You are signed out.`]);
  }
  assert.equal(sockets.length, 3);
});

test("a socket that has been silent for long is given up, since the last word it said", () => {
  const { line, told } = dialled();
  sockets[0].says({ type: "hello" });
  pass(20_000);
  sockets[0].says({ type: "heartbeat" });
  pass(24_000);
  line.watch();
  assert.equal(sockets[0].open, true);
  pass(2_000);
  line.watch();
  assert.equal(sockets[0].open, false);
  assert.deepEqual(told, ["hello", "heartbeat", "away since 20000"]);
});

test("what an old socket still says is not heard", () => {
  const { line, told } = dialled();
  line.drop(new Date());
  pass(1000);
  sockets[0].says({ type: "event" });
  sockets[0].onclose({ code: 4403, reason: "" });
  assert.deepEqual(told, ["away since 0"]);
});

test("a line that was stopped does not come back", () => {
  const { line } = dialled();
  sockets[0].onclose({ code: 1006, reason: "" });
  line.stop();
  line.hurry();
  pass(60_000);
  assert.equal(sockets.length, 1);
});

test("pauses grow to ten seconds and are spread by half", () => {
  assert.deepEqual([0, 1, 2, 8].map((tries) => pauseBefore(tries, () => 0)), [300, 600, 1200, 10_000]);
  assert.equal(pauseBefore(8, () => 1), 15_000);
});
