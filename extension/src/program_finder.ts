/** Our programs on this machine: found once, checked, and a button with each error that mends it. */

import * as vscode from "vscode";

import { INSTALL_COMMAND, ProgramError, findProgram, messageOf } from "./programs";
import { SECTION, places } from "./settings";

export class ProgramFinder implements vscode.Disposable {
  readonly #found = new Map<string, string>();
  readonly #subscription: vscode.Disposable;

  constructor() {
    this.#subscription = vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(SECTION)) this.forget();
    });
  }

  /** Looks anew the next time: something may have been installed meanwhile. */
  forget(): void {
    this.#found.clear();
  }

  /** The path of "batchscope" or "batchscope-dap". @throws ProgramError */
  async find(program: string): Promise<string> {
    const known = this.#found.get(program);
    if (known !== undefined) return known;
    const path = await findProgram(await places(), program);
    this.#found.set(program, path);
    return path;
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

/** Shows why a program cannot be used, with what helps. */
export async function showProgramError(problem: unknown): Promise<void> {
  const choose = "Choose Path...";
  const copy = "Copy pip Command";
  const settings = "Open Settings";
  const isSetting = problem instanceof ProgramError && problem.isSetting;
  const buttons = isSetting ? [settings, choose] : [choose, copy, settings];
  const chosen = await vscode.window.showErrorMessage(`Batchscope: ${messageOf(problem)}.`, ...buttons);
  if (chosen === choose) await vscode.commands.executeCommand("batchscope.chooseProgram");
  if (chosen === copy) await vscode.commands.executeCommand("batchscope.copyInstallCommand");
  if (chosen === settings) await vscode.commands.executeCommand("batchscope.openSettings");
}

/** The commands behind those buttons. */
export function registerProgramCommands(finder: ProgramFinder, refresh: () => Promise<void>): vscode.Disposable[] {
  return [
    vscode.commands.registerCommand("batchscope.chooseProgram", async () => {
      const chosen = await vscode.window.showOpenDialog({ title: "The program batchscope-dap", openLabel: "Use It" });
      const path = chosen?.[0]?.fsPath;
      if (path === undefined) return;
      const target = vscode.workspace.workspaceFolders
        ? vscode.ConfigurationTarget.Workspace
        : vscode.ConfigurationTarget.Global;
      await vscode.workspace.getConfiguration(SECTION).update("adapterPath", path, target);
      finder.forget();
      await refresh();
    }),
    vscode.commands.registerCommand("batchscope.copyInstallCommand", async () => {
      await vscode.env.clipboard.writeText(INSTALL_COMMAND);
      finder.forget();
      const text = `Copied: ${INSTALL_COMMAND}. Run it in the environment whose interpreter you have chosen.`;
      void vscode.window.showInformationMessage(text);
    }),
    vscode.commands.registerCommand("batchscope.openSettings", () =>
      vscode.commands.executeCommand("workbench.action.openSettings", SECTION),
    ),
  ];
}
