/** A person debugs a run that a notebook has started, in a real VS Code. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { Browser } from "../lib/browser.ts";
import { resultsFolder } from "../lib/places.ts";
import { waitFor } from "../lib/waiting.ts";
import { VsCode } from "./server.ts";
import { Workbench } from "./workbench.ts";
import { MINI_BATCHES, SCRIPT, WORKERS, Workspace, lineOf } from "./workspace.ts";

const NAME = "fleet";

/** How many rows match. */
const count = (rows: readonly string[], pattern: RegExp): number => rows.filter((row) => pattern.test(row)).length;

test("APersonStopsTheWorkersOfANotebooksRunLooksInsideAndLetsThemGo", async (context) => {
  const results = resultsFolder(NAME);
  const log = join(results, "dap.jsonl");
  const code = await VsCode.start({ "batchscope.adapterLog": log });
  const workspace = new Workspace(code);
  const notebook = workspace.startNotebook(join(results, "notebook.log"));
  const browser = await Browser.open(NAME);
  const window = new Workbench(browser.page);
  const seen = (name: string): Promise<void> => browser.screenshot(name);
  context.after(async () => {
    await seen("last");
    await browser.close();
    code.keepLogs(results);
    workspace.openGate();
    await notebook.stop();
    await code.stop();
  });
  const requests = (command: string) => (): number =>
    readFileSync(log, "utf8").split(`"command":"${command}","seq"`).length - 1;
  /** What a person does next; after a failure nothing more is tried. */
  let failed = false;
  const next = (name: string, act: () => Promise<void>): Promise<void> =>
    context.test(name, async () => {
      assert.ok(!failed, "something before it failed");
      failed = true;
      await act();
      failed = false;
    });
  await window.open(code.url);

  await next("TheViewTheStatusBarAndACodeLensShowTheRun", async () => {
    await window.sideBar("Batchscope");
    await waitFor("three workers in run()", async () => {
      return count(await window.runs(), /^w\d.*batch \d+ · attempt 1/) === WORKERS;
    });
    assert.equal(count(await window.runs(), /^words.*0 %/), 1);
    await waitFor("status bar", async () => count(await window.statusBar(), /words 0 %/) === 1);
    await seen("view");
    await window.openFile(`source/${SCRIPT}`);
    await waitFor("code lens", async () => (await window.codeLenses()).some((lens) => /Attach to words/.test(lens)));
    await seen("code-lens");
  });

  await next("ABreakpointInTheGutterStopsAllWorkersMidRun", async () => {
    await window.setBreakpoint(lineOf("waiting"));
    await window.clickCodeLens("Attach to words");
    await waitFor("three stopped workers", async () => {
      return count(await window.callStack(), /^Thread w\d - batch \d+ - attempt 1.*[Pp]aused/) === WORKERS;
    });
    await seen("stopped");
  });

  await next("TheMiniBatchIsThereToLookAt", async () => {
    await window.expand(".debug-variables", "Locals");
    const row = await waitFor("mini_batch", async () => {
      return (await window.variables()).find((each) => /^mini_batch/.test(each));
    });
    assert.match(row, /texts\/000\d\.txt/);
    await window.evaluate("len(mini_batch) * 1000");
    await waitFor("value in the console", async () => /\b1000\b/.test(await window.console()));
    await seen("variables");
  });

  await next("AStepMovesOneWorkerOnly", async () => {
    const line = lineOf("waiting") - 1;
    const stepped = new RegExp(`run.*line ${line}\\b`);
    await window.press("F10", requests("next"));
    await waitFor("step", async () => count(await window.callStack(), stepped) === 1);
    assert.equal(count(await window.callStack(), /^Thread w\d.*[Pp]aused/), WORKERS);
    await seen("stepped");
  });

  await next("OneWorkerGoesOnThenAllOfThem", async () => {
    await window.removeBreakpoint(lineOf("waiting"));
    await window.press("F5", requests("continue"));
    await waitFor("one running worker", async () => {
      return count(await window.callStack(), /^Thread w\d.*[Pp]aused/) === WORKERS - 1;
    });
    await seen("continued-one");
    await window.command("Batchscope: Continue All Workers");
    await waitFor("running workers", async () => {
      const rows = await window.callStack();
      return count(rows, /^Thread w\d.*[Rr]unning/) === WORKERS;
    });
    await seen("continued-all");
  });

  await next("ABreakpointBoundToDataStopsTheWorkerThatGetsThatMiniBatch", async () => {
    await window.setCondition(lineOf("count"), "$batch == 7");
    await seen("condition");
    workspace.openGate();
    await waitFor("stop at mini-batch 7", async () => {
      return count(await window.callStack(), /^Thread w\d - batch 7 - attempt 1.*[Pp]aused/) === 1;
    });
    await window.expand(".debug-variables", "Locals");
    await waitFor("mini-batch 7", async () => count(await window.variables(), /^mini_batch.*0007\.txt/) === 1);
    await window.sideBar("Batchscope");
    await waitFor("stop in the view", async () => {
      return count(await window.runs(), new RegExp(`^w\\d.*batch 7.*stopped at ${SCRIPT}:${lineOf("count")}`)) === 1;
    });
    await waitFor("stop in the status bar", async () => count(await window.statusBar(), /1 stopped/) === 1);
    await seen("data-bound");
  });

  await next("AfterDetachingTheRunEndsWithTheRightOutput", async () => {
    await window.command("Debug: Disconnect");
    await notebook.succeeds();
    assert.deepEqual(workspace.printed().slice(-MINI_BATCHES), workspace.expectedRows());
    await waitFor("end in the view", async () => count(await window.runs(), /^words.*completed · 12\/12/) === 1);
    await waitFor("free status bar", async () => count(await window.statusBar(), /words \d+ %/) === 0);
    await seen("ended");
  });
});
