/** The progress of running runs, at the left of the status bar. */

import * as vscode from "vscode";

import { type RunsStore } from "./runs_store";
import { isOn } from "./settings";
import { statusOf } from "./words";

export function registerStatusBar(store: RunsStore): vscode.Disposable[] {
  const item = vscode.window.createStatusBarItem("batchscope.progress", vscode.StatusBarAlignment.Left, 50);
  item.name = "Batchscope";
  item.command = "batchscope.runs.focus";
  const show = (): void => {
    const status = isOn("statusBar") ? statusOf(store.runs, store.stoppedWorkers) : undefined;
    if (status) {
      item.text = status.text;
      item.tooltip = status.tooltip;
      item.show();
    } else {
      item.hide();
    }
  };
  show();
  return [item, store.onDidChange(show)];
}
