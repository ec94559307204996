import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { Refresher, runsFolder } from "../src/refresher";

test("TheRunsFolderIsThatOfTheProgram", () => {
  assert.equal(runsFolder("/set", { BATCHSCOPE_HOME: "/b" }), "/set");
  assert.equal(runsFolder("", { BATCHSCOPE_HOME: "/b", XDG_DATA_HOME: "/x" }), "/b/runs");
  assert.equal(runsFolder("", { XDG_DATA_HOME: "/x", HOME: "/h" }), "/x/batchscope/runs");
  assert.equal(runsFolder("", { HOME: "/h" }), "/h/.local/share/batchscope/runs");
});

test("ALookThatIsAskedForDuringAnotherFollowsIt", async () => {
  const ends: (() => void)[] = [];
  const refresher = new Refresher(() => new Promise((resolve) => ends.push(() => resolve(false))));
  const first = refresher.now();
  const second = refresher.now();
  assert.equal(ends.length, 1);
  ends[0]!();
  await new Promise(setImmediate);
  assert.equal(ends.length, 2);
  ends[1]!();
  await Promise.all([first, second]);
  assert.equal(ends.length, 2);
  refresher.close();
});

test("ANewRunIsSeenEvenWhenTheFolderOfRunsWasNotThere", async () => {
  const home = mkdtempSync(join(tmpdir(), "refresher-"));
  const runs = join(home, "batchscope/runs");
  const looked = new Promise<void>((resolve) => {
    const refresher = new Refresher(() => {
      refresher.close();
      resolve();
      return Promise.resolve(false);
    });
    refresher.watch(runs);
  });
  mkdirSync(join(runs, "digits-x"), { recursive: true });
  await looked;
  rmSync(home, { recursive: true });
});
