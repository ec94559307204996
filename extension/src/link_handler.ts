/** Opens vscode://batchscope.batchscope/attach?run=FOLDER, the link that `run.attach()` shows in a notebook. */

import * as vscode from "vscode";

import { attach } from "./attaching";
import { runOfLink } from "./run_link";
import { type RunsStore } from "./runs_store";

export function registerLinkHandler(store: RunsStore): vscode.Disposable {
  return vscode.window.registerUriHandler({
    async handleUri(uri: vscode.Uri): Promise<void> {
      const run = runOfLink(uri.path, uri.query);
      if (run === undefined) {
        const choose = "Choose a Run";
        const text = `Batchscope: found the link ${uri.path}?${uri.query}, expected /attach?run=FOLDER.`;
        const chosen = await vscode.window.showErrorMessage(text, choose);
        if (chosen === choose) void vscode.commands.executeCommand("batchscope.attach");
        return;
      }
      await store.refresh();
      const known = store.runs.find((each) => each.folder === run || each.id === run);
      await attach(run, known?.name ?? run.slice(run.lastIndexOf("/") + 1));
    },
  });
}
