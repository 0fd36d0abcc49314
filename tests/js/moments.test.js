import assert from "node:assert/strict";
import { test } from "node:test";

import { ageWords, countWords, untilWords } from "../../static/js/moments.js";

test("an age is said as coarsely as it is true", () => {
  const said = [0, 4, 5, 9, 10, 59, 60, 3599, 3600, 86399, 86400].map(ageWords);
  assert.deepEqual(said, [
    "just now",
    "just now",
    "5 s ago",
    "5 s ago",
    "10 s ago",
    "50 s ago",
    "1 min ago",
    "59 min ago",
    "1 h ago",
    "23 h ago",
    "1 d ago",
  ]);
});

test("a running count keeps its seconds until there are hours", () => {
  assert.deepEqual([0, 59, 60, 134, 3599, 3600, 3900].map(countWords), [
    "0 s",
    "59 s",
    "1:00 min",
    "2:14 min",
    "59:59 min",
    "1 h 00",
    "1 h 05",
  ]);
});

test("what is only usual is said to be about so, and late when it is; what is known is not", () => {
  const usual = [130, 42, 3, -5, -75].map((seconds) => untilWords(seconds, false));
  assert.deepEqual(usual, [
    "in about 2:10 min",
    "in about 45 s",
    "any moment",
    "any moment",
    "1:15 min later than usual",
  ]);
  assert.deepEqual([42, 0].map((seconds) => untilWords(seconds, true)), ["in 42 s", "now"]);
});
