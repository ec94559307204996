/** Starts the debug adapter `batchscope-dap`, which runs beside the engine, also in remote windows. */

import * as vscode from "vscode";

import { type ProgramFinder, showProgramError } from "./program_finder";
import { TYPE } from "./sessions";
import { adapterLog, homeWords } from "./settings";

export function registerAdapter(finder: ProgramFinder): vscode.Disposable {
  return vscode.debug.registerDebugAdapterDescriptorFactory(TYPE, {
    async createDebugAdapterDescriptor(): Promise<vscode.DebugAdapterDescriptor | undefined> {
      const log = adapterLog();
      try {
        const program = await finder.find("batchscope-dap");
        return new vscode.DebugAdapterExecutable(program, [...homeWords(), ...(log ? ["--log", log] : [])]);
      } catch (problem) {
        finder.forget();
        void showProgramError(problem);
        throw problem;
      }
    },
  });
}
