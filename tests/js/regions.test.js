import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Regions, shows } from "../../static/js/regions.js";

/** @type {[string, number][]} */
let fetched;
let began;

/** In small steps: node's clock stands at the end of a tick while its timers run. */
function pass(milliseconds) {
  for (let left = milliseconds; left > 0; left -= 1) mock.timers.tick(1);
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  fetched = [];
  began = Date.now();
});

const regions = (dice = () => 0) => new Regions((id) => fetched.push([id, Date.now() - began]), { dice });

test("many events are one fetch, a moment after the last", () => {
  const parts = regions();
  for (let times = 0; times < 5; times += 1) {
    parts.want("list");
    pass(100);
  }
  pass(1000);
  assert.deepEqual(fetched, [["list", 700]]);
});

test("events without an end do not put it off for ever", () => {
  const parts = regions();
  for (let times = 0; times < 40; times += 1) {
    parts.want("list");
    pass(100);
  }
  assert.deepEqual(fetched.map(([, at]) => at), [1500, 3000]);
});

test("each region has its own pace", () => {
  const parts = regions();
  parts.want("one");
  pass(200);
  parts.want("other");
  pass(1000);
  assert.deepEqual(fetched, [["one", 300], ["other", 500]]);
});

test("many viewers spread their fetches, and none waits longer than ten seconds more", () => {
  const parts = regions(() => 1);
  parts.want("list");
  pass(499);
  assert.deepEqual(fetched, []);
  pass(1);
  assert.equal(fetched.length, 1);
  parts.viewers = 200;
  assert.equal(parts.spread(), 3000);
  parts.viewers = 100_000;
  assert.equal(parts.spread(), 10_000);
});

test("the place in the spread is drawn once, not anew with every event", () => {
  const throws = [0.5, 0.9, 0.9];
  const parts = regions(() => throws.shift());
  parts.viewers = 100; // 1.5 s
  parts.want("list");
  pass(100);
  parts.want("list");
  pass(2000);
  assert.deepEqual(fetched, [["list", 100 + 300 + 750]]);
});

test("what did not come is asked for again, later", () => {
  const parts = regions();
  parts.failed("list");
  parts.failed("list");
  pass(3000);
  assert.deepEqual(fetched, [["list", 3000]]);
});

test("a page that went dark fetches nothing more", () => {
  const parts = regions();
  parts.want("list");
  parts.stop();
  pass(5000);
  assert.deepEqual(fetched, []);
});

test("a region names streams by kind or by name", () => {
  const stream = { name: "rollout:abc", asked: "rollout:7" };
  assert.ok(shows("rollout", stream));
  assert.ok(shows("activity rollout:abc", stream));
  assert.ok(shows("rollout:7", stream));
  assert.ok(!shows("activity", stream));
  assert.ok(!shows("rollout:abcd", stream));
  assert.ok(!shows("", stream));
});
