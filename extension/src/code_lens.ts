/** Above `def run(mini_batch)` of an entry script: attach to a run, stop at its next call. */

import * as vscode from "vscode";

import { runFunctions } from "./entry_script";
import { type RunsStore } from "./runs_store";
import { type Sessions } from "./sessions";
import { isOn } from "./settings";
import { percent } from "./words";

class RunLenses implements vscode.CodeLensProvider {
  constructor(
    private readonly store: RunsStore,
    private readonly sessions: Sessions,
    readonly onDidChangeCodeLenses: vscode.Event<void>,
  ) {}

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!isOn("codeLens")) return [];
    return runFunctions(document.getText()).flatMap((line) => {
      const range = new vscode.Range(line, 0, line, 0);
      return this.#commands().map((command) => new vscode.CodeLens(range, command));
    });
  }

  #commands(): vscode.Command[] {
    const stop = { title: "$(stop-circle) Stop at next run()", command: "batchscope.stopAtNextRun" };
    if (this.sessions.current) {
      return [stop, { title: "$(run-all) Continue all workers", command: "batchscope.continueAll" }];
    }
    const [only, ...others] = this.store.running;
    if (!only) return [{ title: "$(debug-alt) Debug a step", command: "batchscope.launchStep" }];
    const name = others.length === 0 ? `${only.name} (${percent(only)} %)` : `a run (${others.length + 1} running)`;
    return [{ title: `$(debug-alt) Attach to ${name}`, command: "batchscope.attach" }, stop];
  }
}

export function registerCodeLenses(store: RunsStore, sessions: Sessions): vscode.Disposable[] {
  const changed = new vscode.EventEmitter<void>();
  const fire = (): void => changed.fire();
  return [
    changed,
    store.onDidChange(fire),
    vscode.debug.onDidStartDebugSession(fire),
    vscode.debug.onDidTerminateDebugSession(fire),
    vscode.languages.registerCodeLensProvider(
      [
        { language: "python", scheme: "file" },
        { language: "python", scheme: "vscode-notebook-cell" },
      ],
      new RunLenses(store, sessions, changed.event),
    ),
  ];
}
