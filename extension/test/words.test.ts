import assert from "node:assert/strict";
import { test } from "node:test";

import { type Run } from "../src/runs";
import { age, counted, duration, statusOf } from "../src/words";

function run(name: string, status: string, total: number, succeeded: number, failed: number): Run {
  const miniBatches = { total, succeeded, failed };
  const place = { folder: `/runs/${name}`, output: undefined, logs: "" };
  return { id: name, name, status, reason: "", started: "", elapsedSeconds: 0, miniBatches, ...place };
}

test("DurationsAreSaidInTheUnitThatFits", () => {
  assert.deepEqual([0, 0.85, 1, 59.94, 60, 3599, 3600, 7380].map(duration), [
    "0 ms",
    "850 ms",
    "1.0 s",
    "59.9 s",
    "1 min 0 s",
    "59 min 59 s",
    "1 h 0 min",
    "2 h 3 min",
  ]);
});

test("AgesAreSaidInTheUnitThatFits", () => {
  const now = new Date("2026-05-04T10:00:00Z");
  const times = ["2026-05-04T09:59:01Z", "2026-05-04T09:59:00Z", "2026-05-04T09:00:00Z", "2026-05-02T10:00:00Z", "?"];
  assert.deepEqual(
    times.map((time) => age(time, now)),
    ["just now", "1 min ago", "1 h ago", "2 days ago", ""],
  );
});

test("ThePluralStandsWhereItBelongs", () => {
  assert.deepEqual([counted(1, "item"), counted(0, "item"), counted(2, "batch", "batches")], [
    "1 item",
    "0 items",
    "2 batches",
  ]);
});

test("TheStatusBarShowsRunningRunsOnly", () => {
  assert.equal(statusOf([], 0), undefined);
  assert.equal(statusOf([run("old", "completed", 9, 9, 0)], 0), undefined);
  assert.deepEqual(statusOf([run("digits", "running", 900, 449, 1), run("old", "failed", 9, 0, 9)], 0), {
    text: "$(sync~spin) digits 50 % · 1 failed",
    tooltip: "digits: 450/900 · 1 failed mini-batches",
  });
  assert.equal(statusOf([run("a", "running", 10, 5, 0)], 2)?.text, "$(debug-pause) a 50 % · 2 stopped");
});

test("TheStatusBarAddsSeveralRunsUpAndRoundsDown", () => {
  const runs = [run("a", "running", 100, 100, 0), run("b", "running", 100, 99, 0)];
  assert.equal(statusOf(runs, 0)?.text, "$(sync~spin) 2 runs 99 %");
});
