import assert from "node:assert/strict";
import { test } from "node:test";

import { isTyping, nextRow, SHORTCUTS, understand } from "../../static/js/keys.js";

test("two keys one after the other are one shortcut", () => {
  assert.deepEqual(understand([], "g"), { found: null, waits: ["g"] });
  assert.equal(understand(["g"], "r").found?.go, "rollouts/");
  assert.deepEqual(understand(["g"], "r").waits, []);
});

test("a key that ends no shortcut begins one of its own", () => {
  assert.equal(understand(["g"], "j").found?.act, "next");
  assert.deepEqual(understand(["g"], "g"), { found: null, waits: ["g"] });
  assert.deepEqual(understand(["g"], "z"), { found: null, waits: [] });
});

test("every shortcut of the table is understood as itself", () => {
  for (const shortcut of SHORTCUTS) {
    const last = shortcut.keys[shortcut.keys.length - 1];
    assert.equal(understand(shortcut.keys.slice(0, -1), last).found, shortcut);
  }
});

test("rows are gone through without leaving either end", () => {
  assert.equal(nextRow(0, -1, 1), -1);
  assert.equal(nextRow(3, -1, 1), 0);
  assert.equal(nextRow(3, -1, -1), 2);
  assert.equal(nextRow(3, 2, 1), 2);
  assert.equal(nextRow(3, 0, -1), 0);
  assert.equal(nextRow(3, 0, 1), 1);
});

test("whoever types is left alone", () => {
  assert.equal(isTyping({ tagName: "INPUT", type: "text" }), true);
  assert.equal(isTyping({ tagName: "INPUT", type: "search" }), true);
  assert.equal(isTyping({ tagName: "TEXTAREA" }), true);
  assert.equal(isTyping({ tagName: "SELECT" }), true);
  assert.equal(isTyping({ tagName: "DIV", isContentEditable: true }), true);
  assert.equal(isTyping({ tagName: "INPUT", type: "checkbox" }), false);
  assert.equal(isTyping({ tagName: "A" }), false);
  assert.equal(isTyping(null), false);
});
