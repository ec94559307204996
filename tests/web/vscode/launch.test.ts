/** A person starts a step under the debugger, and has a wrong setting mended, in a real VS Code. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { Browser } from "../lib/browser.ts";
import { program, resultsFolder } from "../lib/places.ts";
import { waitFor } from "../lib/waiting.ts";
import { type Settings, VsCode } from "./server.ts";
import { Workbench } from "./workbench.ts";
import { MINI_BATCHES, SCRIPT, WORKERS, Workspace, lineOf } from "./workspace.ts";

interface Place {
  readonly window: Workbench;
  readonly workspace: Workspace;
  seen(name: string): Promise<void>;
}

async function open(context: TestContext, name: string, settings: Settings = {}): Promise<Place> {
  const results = resultsFolder(name);
  const code = await VsCode.start({ "batchscope.adapterLog": join(results, "dap.jsonl"), ...settings });
  context.after(() => code.stop());
  const workspace = new Workspace(code);
  const browser = await Browser.open(name);
  context.after(async () => {
    await browser.screenshot("last");
    await browser.close();
    code.keepLogs(results);
  });
  const window = new Workbench(browser.page);
  await window.open(code.url);
  return { window, workspace, seen: (shot) => browser.screenshot(shot) };
}

test("AStepStartedUnderTheDebuggerStopsInInitAndAtTheNextRun", async (context) => {
  const { window, workspace, seen } = await open(context, "launch");
  workspace.openGate();
  await window.openFile(`source/${SCRIPT}`);
  await window.setBreakpoint(lineOf("init"));
  await window.command("Debug: Start Debugging");
  await waitFor("workers stopped in init()", async () => {
    return (await window.callStack()).filter((row) => /w\d - starting.*[Pp]aused/.test(row)).length === WORKERS;
  });
  await seen("stopped-in-init");
  await window.command("Batchscope: Stop All Workers at the Next run()");
  await window.command("Batchscope: Continue All Workers");
  const firstLine = new RegExp(`^Stack Frame run, line ${lineOf("first")}\\b`);
  await waitFor("workers stopped at the first line of run()", async () => {
    const rows = await window.callStack();
    const stopped = rows.filter((row) => /^Thread w\d - batch \d+.*[Pp]aused/.test(row));
    return stopped.length === WORKERS && rows.some((row) => firstLine.test(row));
  });
  await seen("stopped-at-next-run");
  await window.command("Batchscope: Continue All Workers"); // once: nobody stops again, and then it is gone
  await waitFor("end of the session", async () => (await window.callStack()).length === 0);
  await window.sideBar("Batchscope");
  await waitFor("end in the view", async () => {
    return (await window.runs()).some((row) => /^words.*completed · 12\/12/.test(row));
  });
  await seen("ended");
  assert.deepEqual(workspace.rows(), workspace.expectedRows());
});

test("AWrongPathIsNamedAndAButtonMendsIt", async (context) => {
  const wrong = { "batchscope.adapterPath": "/nowhere/batchscope-dap" };
  const { window, workspace, seen } = await open(context, "mend", wrong);
  workspace.openGate();
  await window.sideBar("Batchscope");
  await window.page.getByText("was not found on this machine").waitFor();
  await seen("not-found");
  await window.page.locator(".welcome-view a.monaco-button", { hasText: "Choose Path..." }).click();
  await window.typeInQuickInput(program("batchscope-dap"));
  await window.page.getByText("No runs yet").waitFor();
  await seen("mended");
  await window.command("Debug: Start Debugging");
  await window.sideBar("Batchscope");
  await waitFor("a run in the view", async () => (await window.runs()).some((row) => /^words/.test(row)));
  await waitFor("its output", () => workspace.rows().length === MINI_BATCHES);
});
