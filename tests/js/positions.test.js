import assert from "node:assert/strict";
import { test } from "node:test";

import { Positions, readStreams } from "../../static/js/positions.js";

/** What is said to the server and told to the page, in order. */
function listening() {
  const said = [];
  const told = [];
  const positions = new Positions({
    say: (wish) => said.push(wish),
    onNews: ({ name }, { number }) => told.push(`news ${name} ${number}`),
    onFragments: ({ name }, html) => told.push(`fragments ${name} ${Object.keys(html)}`),
    onGap: ({ name }) => told.push(`gap ${name}`),
    onRefused: ({ asked }, { why }) => told.push(`refused ${asked} ${why}`),
    onComplete: () => told.push("complete"),
  });
  return { positions, said, told };
}

const following = (asked, head, stream = asked) => ({ type: "following", asked, stream, head });

test("nothing is said before the line stands, and then everything", () => {
  const { positions, said } = listening();
  positions.follow("activity", 12);
  positions.follow("rollout:7", 3, true);
  positions.follow("rollout:9");
  assert.deepEqual(said, []);
  positions.greet();
  assert.deepEqual(said, [
    { type: "follow", stream: "activity", after: 12, html: false },
    { type: "follow", stream: "rollout:7", after: 3, html: true },
    { type: "follow", stream: "rollout:9", html: false },
  ]);
});

test("a page is complete when the last of its streams is followed", () => {
  const { positions, told } = listening();
  positions.follow("activity", 12);
  positions.follow("rollout:7", 3);
  positions.greet();
  positions.hear(following("activity", 12));
  assert.deepEqual(told, []);
  positions.hear(following("rollout:7", 3, "rollout:abc"));
  assert.deepEqual(told, ["complete"]);
});

test("a page that follows nothing is complete at once", () => {
  const { positions, told } = listening();
  positions.greet();
  assert.deepEqual(told, ["complete"]);
});

test("after a cut it asks for what comes after the last number it has", () => {
  const { positions, said, told } = listening();
  positions.follow("activity", 12);
  positions.greet();
  positions.hear(following("activity", 12));
  positions.hear({ type: "event", stream: "activity", number: 13 });
  positions.hear({ type: "event", stream: "activity", number: 14 });
  positions.cut();
  positions.greet();
  assert.equal(said.at(-1).after, 14);
  assert.deepEqual(told, ["complete", "news activity 13", "news activity 14"]);
});

test("a stream that is followed again is a gap even when nothing happened: sentences change without events", () => {
  const { positions, told } = listening();
  positions.follow("activity", 12);
  positions.greet();
  positions.hear(following("activity", 12));
  positions.cut();
  positions.greet();
  positions.hear(following("activity", 12));
  assert.deepEqual(told, ["complete", "gap activity", "complete"]);
});

test("what happened between rendering and following is a gap", () => {
  const { positions, told } = listening();
  positions.follow("activity", 12);
  positions.greet();
  positions.hear(following("activity", 13));
  assert.deepEqual(told, ["gap activity", "complete"]);
});

test("a database that was set back is a gap", () => {
  const { positions, said, told } = listening();
  positions.follow("activity", 12);
  positions.greet();
  positions.hear(following("activity", 5));
  positions.hear({ type: "snapshot", stream: "activity", head: 5 });
  assert.deepEqual(told, ["gap activity", "complete", "gap activity"]);
  positions.cut();
  positions.greet();
  assert.equal(said.at(-1).after, 5);
});

test("who follows from now on has no gap at first, and a place to come back to", () => {
  const { positions, said, told } = listening();
  positions.follow("rollout:7");
  positions.greet();
  positions.hear(following("rollout:7", 40, "rollout:abc"));
  assert.deepEqual(told, ["complete"]);
  positions.cut();
  positions.greet();
  assert.equal(said.at(-1).after, 40);
});

test("a snapshot in the middle is a gap and the new place", () => {
  const { positions, told } = listening();
  positions.follow("rollout:7", 1);
  positions.greet();
  positions.hear(following("rollout:7", 1, "rollout:abc"));
  positions.hear({ type: "snapshot", stream: "rollout:abc", head: 900 });
  positions.hear({ type: "event", stream: "rollout:abc", number: 901 });
  assert.deepEqual(told, ["complete", "gap rollout:abc", "news rollout:abc 901"]);
});

test("a stream that was left is heard no more", () => {
  const { positions, said, told } = listening();
  positions.follow("rollout:7", 1);
  positions.greet();
  positions.hear(following("rollout:7", 1, "rollout:abc"));
  positions.leave("rollout:7");
  assert.deepEqual(said.at(-1), { type: "leave", stream: "rollout:abc" });
  positions.hear({ type: "event", stream: "rollout:abc", number: 2 });
  assert.deepEqual(told, ["complete"]);
  positions.cut();
  positions.greet();
  assert.equal(said.length, 2);
});

test("a stream that is refused is not asked for again", () => {
  const { positions, said, told } = listening();
  positions.follow("rollout:7", 1);
  positions.greet();
  positions.hear({ type: "refused", stream: "rollout:7", status: 404, why: "no such rollout" });
  assert.deepEqual(told, ["refused rollout:7 no such rollout"]);
  positions.cut();
  positions.greet();
  assert.equal(said.length, 1);
});

test("a stream that is followed later, while the line stands, is asked for at once", () => {
  const { positions, said } = listening();
  positions.greet();
  positions.follow("rollout:7", null, true);
  positions.follow("rollout:7", null, true);
  assert.deepEqual(said, [{ type: "follow", stream: "rollout:7", html: true }]);
});

test("the page's own streams are read from its attribute", () => {
  assert.deepEqual(readStreams(" activity@12\n rollout:abc@340 rollout:7 "), [
    ["activity", 12],
    ["rollout:abc", 340],
    ["rollout:7", null],
  ]);
  assert.deepEqual(readStreams(""), []);
});
