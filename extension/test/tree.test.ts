import assert from "node:assert/strict";
import { test } from "node:test";

import { type MiniBatch, type Run, type RunDetails, type Worker } from "../src/runs";
import { MOST_ROWS, type Node, runNodes } from "../src/tree";

const NOW = new Date("2026-05-04T10:20:12Z");

const RUN: Run = {
  id: "digits-x",
  name: "digits",
  status: "running",
  reason: "",
  started: "2026-05-04T10:11:12Z",
  elapsedSeconds: 75,
  miniBatches: { total: 900, succeeded: 449, failed: 1 },
  folder: "/runs/digits-x",
  output: "/runs/digits-x/output/rows.txt",
  logs: "/runs/digits-x/logs",
};
const WORKER: Worker = {
  number: 3,
  pid: 42,
  phase: "running",
  miniBatch: 117,
  attempt: 2,
  lane: false,
  stopped: false,
  file: "",
  line: 0,
};
const ROW: MiniBatch = { id: 0, status: "Succeeded", attempts: 1, items: 2, runSeconds: 0.5, error: "" };

function detailsOf(changes: Partial<RunDetails>): RunDetails {
  return { run: RUN, workers: undefined, miniBatches: [], failures: [], failureCount: 0, ...changes };
}

function outline(nodes: readonly Node[]): unknown[] {
  return nodes.map((node) => {
    const line = `${node.label} [${node.description}]`;
    return node.children.length > 0 ? [line, ...outline(node.children)] : line;
  });
}

function outlineOf(changes: Partial<RunDetails>): unknown[] {
  const details = detailsOf(changes);
  const nodes = runNodes([details.run], new Map([[RUN.folder, details]]), () => true, NOW);
  return outline(nodes[0]?.children ?? []);
}

test("ARunSaysHowFarItIsAndAnEndedOneHowItEnded", () => {
  const ended = { ...RUN, id: "b", folder: "/runs/b", status: "failed", started: "2026-05-04T08:20:12Z" };
  const nodes = runNodes([RUN, ended], new Map(), (run) => run === RUN, NOW);
  assert.deepEqual(
    nodes.map((node) => [node.label, node.description, node.icon.name, node.kind, node.isOpenable, node.isOpen]),
    [
      ["digits", "50 % · 450/900 · 1 failed · 1 min 15 s", "sync~spin", "run.running", true, true],
      ["digits", "failed · 450/900 · 1 failed · 2 h ago", "error", "run.ended", true, false],
    ],
  );
});

test("AWorkerSaysWhatItDoesAndWhereItIsStopped", () => {
  const workers = [
    { ...WORKER, number: 0, phase: "starting", miniBatch: undefined, attempt: undefined },
    { ...WORKER, number: 1, phase: "waiting", miniBatch: undefined, attempt: undefined },
    { ...WORKER, number: 3, stopped: true, file: "/a/entry.py", line: 12 },
    { ...WORKER, number: 4, phase: "held", lane: true },
  ];
  assert.deepEqual(outlineOf({ workers })[0], [
    "Workers [4 · 1 stopped]",
    "w0 [starting]",
    "w1 [waiting for a mini-batch]",
    "w3 [batch 117 · attempt 2 · stopped at entry.py:12]",
    "w4 [batch 117 · attempt 2 · held after its failure · debug lane]",
  ]);
});

test("MiniBatchesStandInGroupsByTheirState", () => {
  const miniBatches = [
    ROW,
    { ...ROW, id: 1, status: "Failed", attempts: 2, error: "ValueError: bad\nmore" },
    { ...ROW, id: 117, status: "Waiting", attempts: 1, runSeconds: 0 },
    { ...ROW, id: 118, status: "Waiting", attempts: 0, runSeconds: 0 },
  ];
  const run = { ...RUN, miniBatches: { total: 4, succeeded: 1, failed: 1 } };
  assert.deepEqual(outlineOf({ run, workers: [WORKER], miniBatches })[1], [
    "Mini-batches [2/4 · 1 failed]",
    ["Failed [1]", "mini-batch 1 [2 items · 2 attempts · 500 ms · ValueError: bad]"],
    ["Running [1]", "mini-batch 117 [2 items]"],
    ["Waiting [1]", "mini-batch 118 [2 items]"],
    ["Succeeded [1]", "mini-batch 0 [2 items · 500 ms]"],
  ]);
});

test("AGroupShowsItsFirstRowsAndCountsTheRest", () => {
  const rowsOf = (count: number): unknown => {
    const miniBatches = Array.from({ length: count }, (_, id) => ({ ...ROW, id }));
    const run = { ...RUN, miniBatches: { total: count, succeeded: count, failed: 0 } };
    const group = (outlineOf({ run, miniBatches })[0] as unknown[][])[1]!;
    return [group.length - 1, group.at(-1)];
  };
  assert.deepEqual(rowsOf(MOST_ROWS), [MOST_ROWS, `mini-batch ${MOST_ROWS - 1} [2 items · 500 ms]`]);
  assert.deepEqual(rowsOf(MOST_ROWS + 1), [MOST_ROWS + 1, "and 1 more []"]);
});

test("FailuresThatDifferInNumbersOnlyAreOneGroupTheLargestFirst", () => {
  const failure = { miniBatch: 1, attempt: 1, last: false, type: "OSError", message: "no disk", traceback: "" };
  const failures = [
    failure,
    { ...failure, type: "ValueError", message: "bad byte 7\nin a.txt" },
    { ...failure, type: "ValueError", message: "bad byte 12", miniBatch: 2, attempt: 2, last: true },
    { ...failure, type: "", message: "init() said no", miniBatch: undefined },
  ];
  assert.deepEqual(outlineOf({ failures, failureCount: 4 })[1], [
    "Failures [4 failed attempts]",
    ["ValueError: bad byte 7 [2 x]", "mini-batch 1 [attempt 1]", "mini-batch 2 [attempt 2, the last]"],
    ["OSError: no disk [1 x]", "mini-batch 1 [attempt 1]"],
    ["init() said no [1 x]", "init() [attempt 1]"],
  ]);
});

test("EveryNodeHasAnIdOfItsOwn", () => {
  const failure = { miniBatch: 1, attempt: 1, last: false, type: "OSError", message: "no disk", traceback: "" };
  const details = detailsOf({
    workers: [WORKER, { ...WORKER, number: 4 }],
    miniBatches: [ROW, { ...ROW, id: 1, status: "Failed" }],
    failures: [failure, { ...failure, attempt: 2 }, { ...failure, message: "no disc" }],
    failureCount: 3,
  });
  const ids: string[] = [];
  const gather = (nodes: readonly Node[]): void =>
    nodes.forEach((node) => {
      ids.push(node.id);
      gather(node.children);
    });
  gather(runNodes([RUN], new Map([[RUN.folder, details]]), () => true, NOW));
  assert.equal(new Set(ids).size, ids.length);
});
