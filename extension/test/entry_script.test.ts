import assert from "node:assert/strict";
import { test } from "node:test";

import { looksLikeStep, runFunctions } from "../src/entry_script";
import { runOfLink } from "../src/run_link";

test("OnlyATopLevelRunWithAMiniBatchIsOne", () => {
  const text = [
    "import os",
    "def run(mini_batch):",
    "    def run(inner): pass",
    "async def run(mini_batch: list) -> list:",
    "def run():",
    "def running(x):",
    "def run (batch, more=1):",
    "# def run(mini_batch):",
  ].join("\n");
  assert.deepEqual(runFunctions(text), [1, 3, 6]);
});

test("AStepFileNamesAnEntryScript", () => {
  assert.equal(looksLikeStep("parallel_run_config:\n  entry_script: a.py\n"), true);
  assert.equal(looksLikeStep('{"entry_scripts": 1}'), false);
});

test("ALinkNamesItsRunAlsoWithUnusualLetters", () => {
  assert.equal(runOfLink("/attach", "run=%2Fa%20b%2Bc%26d%2Fx"), "/a b+c&d/x");
  assert.equal(runOfLink("/attach", "run=/a+b"), "/a+b");
  assert.equal(runOfLink("/attach", "run="), undefined);
  assert.equal(runOfLink("/attach", ""), undefined);
  assert.equal(runOfLink("/elsewhere", "run=x"), undefined);
});
