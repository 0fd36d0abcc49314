import assert from "node:assert/strict";
import { test } from "node:test";

import { believed, moved, remembered } from "../../static/js/palette.js";

test("the choice goes around at the ends, and a leap stops there", () => {
  assert.equal(moved(0, -1, 1), -1);
  assert.equal(moved(3, -1, 1), 0);
  assert.equal(moved(3, -1, -1), 2);
  assert.equal(moved(3, 2, 1), 0);
  assert.equal(moved(3, 0, -1), 2);
  assert.equal(moved(9, 2, 5), 7);
  assert.equal(moved(9, 7, 5), 8);
  assert.equal(moved(9, 2, -5), 0);
});

test("what was opened last comes first, and each place once", () => {
  const places = [..."abcdefgh"].map((letter) => ({ href: `/o/acme/${letter}/`, name: letter }));
  const kept = places.reduce((list, place) => remembered(list, place), /** @type {any[]} */ ([]));
  assert.deepEqual(kept.map((place) => place.name), [..."hgfedcb"]);
  assert.deepEqual(remembered(kept, places[3]).map((place) => place.name), [..."dhgfecb"]);
});

test("storage is believed only where it holds places of this organization", () => {
  const good = { href: "/o/acme/rollouts/1/", name: "1" };
  const list = [good, { href: "javascript:alert(1)", name: "x" }, { href: "/o/globex/", name: "y" }, { href: 3 }, null];
  assert.deepEqual(believed(JSON.stringify(list), "/o/acme/"), [good]);
  assert.deepEqual(believed("{", "/o/acme/"), []);
  assert.deepEqual(believed('{"a": 1}', "/o/acme/"), []);
  assert.deepEqual(believed(null, "/o/acme/"), []);
});
