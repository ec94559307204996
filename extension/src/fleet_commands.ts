/** Commands about the workers of a run: attach, stop at the next run(), continue, pause. */

import * as vscode from "vscode";

import { attach, chooseRun } from "./attaching";
import { type Run } from "./runs";
import { type RunsStore } from "./runs_store";
import { type Sessions } from "./sessions";
import { type Node } from "./tree";

export function registerFleetCommands(store: RunsStore, sessions: Sessions): vscode.Disposable[] {
  const register = (name: string, run: (node?: Node) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`batchscope.${name}`, run);

  /** The session of the run that was clicked, else the current one. */
  const sessionOf = (node: Node | undefined): vscode.DebugSession | undefined =>
    (node && sessions.ofRun(node.run.folder)) ?? sessions.current;

  const attachTo = async (run: Run | undefined): Promise<void> => {
    const chosen = run ?? (await chooseRun(store));
    if (chosen) await attach(chosen.folder, chosen.name);
  };

  const stopAtNextRun = async (node?: Node): Promise<void> => {
    const wanted = node?.run;
    if (wanted ? !sessions.ofRun(wanted.folder) : !sessions.current) await attachTo(wanted);
    const session = sessionOf(node);
    if (session) await sessions.ask(session, "stopAtNextRun");
  };

  const askCurrent = async (node: Node | undefined, request: string, workers?: number[]): Promise<void> => {
    const session = sessionOf(node);
    if (session) return sessions.ask(session, request, workers);
    const attachButton = "Attach to Run";
    const text = "Batchscope: no run is being debugged in this window.";
    const chosen = await vscode.window.showInformationMessage(text, attachButton);
    if (chosen === attachButton) await attachTo(node?.run);
  };
  const workersOf = (node: Node | undefined): number[] => (node?.worker === undefined ? [] : [node.worker]);

  return [
    register("attach", (node) => attachTo(node?.run)),
    register("launchStep", () =>
      vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], {
        type: "batchscope",
        request: "launch",
        name: "Batchscope: debug a step",
      }),
    ),
    register("stopAtNextRun", stopAtNextRun),
    register("continueAll", (node) => askCurrent(node, "continue")),
    register("pauseAll", (node) => askCurrent(node, "pause")),
    register("worker.stopAtNextRun", (node) => askCurrent(node, "stopAtNextRun", workersOf(node))),
    register("worker.continue", (node) => askCurrent(node, "continue", workersOf(node))),
  ];
}
