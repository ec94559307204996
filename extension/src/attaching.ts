/** Attaching to runs: which one, and the session for it. */

import * as vscode from "vscode";

import { type Run } from "./runs";
import { type RunsStore } from "./runs_store";
import { TYPE } from "./sessions";
import { progressOf } from "./words";

/** The running run that is meant: the only one, or the one a person picks. Nothing without any, or without a choice. */
export async function chooseRun(store: RunsStore): Promise<Run | undefined> {
  await store.refresh();
  const running = store.running;
  if (running.length === 0) {
    const debug = "Debug a Step";
    const text = "Batchscope: no run is running on this machine. Start one in a notebook, in a shell, or here.";
    const chosen = await vscode.window.showErrorMessage(text, debug);
    if (chosen === debug) void vscode.commands.executeCommand("batchscope.launchStep");
    return undefined;
  }
  if (running.length === 1) return running[0];
  const items = running.map((run) => ({ label: run.name, description: progressOf(run), detail: run.id, run }));
  const chosen = await vscode.window.showQuickPick(items, { title: "Attach to which run?", matchOnDetail: true });
  return chosen?.run;
}

/** @param run a folder or an id */
export function attach(run: string, name: string): Thenable<boolean> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  return vscode.debug.startDebugging(folder, { type: TYPE, request: "attach", name: `Batchscope: ${name}`, run });
}
