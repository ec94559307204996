import assert from "node:assert/strict";
import { test } from "node:test";

import { JsonError } from "../src/json";
import { readDetails, readRuns } from "../src/runs";

const RUN = {
  id: "digits-x",
  name: "digits",
  status: "running",
  reason: "",
  started: "2026-05-04T10:11:12Z",
  ended: null,
  elapsed_seconds: 1.5,
  mini_batches: { total: 3, succeeded: 1, failed: 0, tried_again: 0 },
  folder: "/runs/digits-x",
  output: null,
  logs: "/runs/digits-x/logs",
};

test("RunsAreReadAsTheProgramPrintsThem", () => {
  assert.deepEqual(readRuns(JSON.stringify([RUN])), [
    {
      id: "digits-x",
      name: "digits",
      status: "running",
      reason: "",
      started: "2026-05-04T10:11:12Z",
      elapsedSeconds: 1.5,
      miniBatches: { total: 3, succeeded: 1, failed: 0 },
      folder: "/runs/digits-x",
      output: undefined,
      logs: "/runs/digits-x/logs",
    },
  ]);
});

test("AttemptsCountFromOneForPeople", () => {
  const worker = { worker: 3, pid: 4, phase: "running", mini_batch: 2, attempt: 0, lane: false, stopped: false };
  const failure = { mini_batch: null, attempt: 0, last: true, type: "E", message: "m", traceback: "t" };
  const page = {
    ...RUN,
    workers: [{ ...worker, file: "", line: 0 }],
    mini_batch_rows: [{ mini_batch: 1, status: "Failed", attempts: 2, items: 4, run_seconds: 0.5, error: "E" }],
    errors: [failure],
    errors_total: 1,
  };
  const details = readDetails(JSON.stringify(page));
  assert.deepEqual(details.workers?.map((each) => [each.number, each.miniBatch, each.attempt]), [[3, 2, 1]]);
  assert.deepEqual(details.failures.map((each) => [each.miniBatch, each.attempt]), [[undefined, 1]]);
  assert.deepEqual(details.miniBatches, [
    { id: 1, status: "Failed", attempts: 2, items: 4, runSeconds: 0.5, error: "E" },
  ]);
});

test("WhatWasNotAskedForIsLeftOpen", () => {
  const details = readDetails(JSON.stringify({ ...RUN, workers: null, errors: [], errors_total: 0 }));
  assert.deepEqual([details.workers, details.miniBatches], [undefined, undefined]);
});

test("AWrongFieldIsNamedByItsPath", () => {
  const wrong = JSON.stringify([RUN, { ...RUN, mini_batches: { total: "3" } }]);
  const expected = new JsonError("batchscope list[1].mini_batches.total: found string, expected a number");
  assert.throws(() => readRuns(wrong), expected);
  assert.throws(() => readRuns("oops"), JsonError);
});
