/** What a debug configuration leaves open is asked for, or chosen when there is but one answer. */

import * as vscode from "vscode";

import { chooseRun } from "./attaching";
import { looksLikeStep } from "./entry_script";
import { type RunsStore } from "./runs_store";
import { TYPE } from "./sessions";
import { progressOf } from "./words";

const STEP_FILES = "**/*.{yml,yaml,json}";
const NOT_STEPS = "**/{node_modules,.venv,venv,.git,.vscode,build}/**";
const MOST_FILES = 500;

class Configurations implements vscode.DebugConfigurationProvider {
  constructor(private readonly store: RunsStore) {}

  /** Those offered in the list beside the start button, besides launch.json. */
  provideDebugConfigurations(): vscode.DebugConfiguration[] {
    return [
      { type: TYPE, request: "attach", name: "Batchscope: attach to the running run" },
      ...this.store.running.map((run) => ({
        type: TYPE,
        request: "attach",
        name: `Batchscope: attach to ${run.name} (${progressOf(run)})`,
        run: run.folder,
      })),
    ];
  }

  async resolveDebugConfiguration(
    _folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    const resolved = { ...configuration };
    resolved.type ||= TYPE;
    resolved.request ||= "attach";
    if (resolved.request === "launch") {
      resolved["step"] ||= await chooseStep();
      resolved.name ||= "Batchscope: debug a step";
      return resolved["step"] ? resolved : undefined;
    }
    if (!resolved["run"]) {
      const run = await chooseRun(this.store);
      if (!run) return undefined;
      resolved["run"] = run.folder;
      resolved.name ||= `Batchscope: ${run.name}`;
    }
    return resolved;
  }
}

/** The step file in front, the only one of the workspace, or the one a person picks. */
async function chooseStep(): Promise<string | undefined> {
  const front = vscode.window.activeTextEditor?.document;
  const isStepFile = front && ["yaml", "json", "jsonc"].includes(front.languageId) && looksLikeStep(front.getText());
  if (isStepFile) return front.uri.fsPath;
  const steps: vscode.Uri[] = [];
  for (const file of await vscode.workspace.findFiles(STEP_FILES, NOT_STEPS, MOST_FILES)) {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
    if (looksLikeStep(text)) steps.push(file);
  }
  if (steps.length === 1) return steps[0]?.fsPath;
  if (steps.length === 0) {
    const open = "Open launch.json";
    const text = "Batchscope: no step file (YAML or JSON with an entry_script) is in this workspace; name one as step.";
    const chosen = await vscode.window.showErrorMessage(text, open);
    if (chosen === open) void vscode.commands.executeCommand("workbench.action.debug.configure");
    return undefined;
  }
  const items = steps.map((step) => ({ label: vscode.workspace.asRelativePath(step), step }));
  return (await vscode.window.showQuickPick(items, { title: "Debug which step?" }))?.step.fsPath;
}

export function registerConfigurations(store: RunsStore): vscode.Disposable[] {
  const provider = new Configurations(store);
  const dynamic = vscode.DebugConfigurationProviderTriggerKind.Dynamic;
  return [
    vscode.debug.registerDebugConfigurationProvider(TYPE, provider),
    vscode.debug.registerDebugConfigurationProvider(
      TYPE,
      { provideDebugConfigurations: () => provider.provideDebugConfigurations() },
      dynamic,
    ),
  ];
}
