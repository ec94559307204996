/** Puts the extension together; each feature is a file of its own. */

import * as vscode from "vscode";

import { registerAdapter } from "./adapter";
import { registerCodeLenses } from "./code_lens";
import { registerConfigurations } from "./configurations";
import { registerFleetCommands } from "./fleet_commands";
import { registerLinkHandler } from "./link_handler";
import { ProgramFinder, registerProgramCommands } from "./program_finder";
import { registerRecordCommands } from "./record_commands";
import { RunsStore } from "./runs_store";
import { registerRunsView } from "./runs_view";
import { Sessions } from "./sessions";
import { registerStatusBar } from "./status_bar";

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Batchscope", { log: true });
  const finder = new ProgramFinder();
  const store = new RunsStore(finder, log);
  const sessions = new Sessions();
  context.subscriptions.push(
    log,
    finder,
    store,
    sessions,
    vscode.commands.registerCommand("batchscope.showOutputChannel", () => log.show()),
    registerAdapter(finder),
    registerLinkHandler(store),
    ...registerConfigurations(store),
    ...registerProgramCommands(finder, () => store.refresh()),
    ...registerFleetCommands(store, sessions),
    ...registerRecordCommands(store, finder),
    ...registerRunsView(store),
    ...registerStatusBar(store),
    ...registerCodeLenses(store, sessions),
  );
  void store.refresh();
}
