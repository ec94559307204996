/** The person's settings, and where programs may lie because of them. */

import * as vscode from "vscode";

import { type Places } from "./programs";

export const SECTION = "batchscope";

function get(name: string): string {
  return vscode.workspace.getConfiguration(SECTION).get<string>(name, "").trim();
}

export function adapterPath(): string {
  return withVariables(get("adapterPath"));
}

export function runsFolderSetting(): string {
  return withVariables(get("runsFolder"));
}

export function adapterLog(): string {
  return withVariables(get("adapterLog"));
}

export function isOn(name: "codeLens" | "statusBar"): boolean {
  return vscode.workspace.getConfiguration(SECTION).get<boolean>(name, true);
}

/** `--home DIR` for our programs, when a folder was set. */
export function homeWords(): string[] {
  const folder = runsFolderSetting();
  return folder ? ["--home", folder] : [];
}

export async function places(): Promise<Places> {
  return {
    setting: adapterPath(),
    interpreter: await chosenInterpreter(),
    workspaceFolders: vscode.workspace.workspaceFolders?.map((folder) => folder.uri.fsPath) ?? [],
    path: process.env["PATH"] ?? "",
  };
}

function withVariables(text: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  return text.replaceAll("${workspaceFolder}", folder).replace(/^~(?=\/)/, process.env["HOME"] ?? "~");
}

/** What the Python extension offers to others; only the part that is used here. */
interface PythonApi {
  readonly environments?: { getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string } | undefined };
}

/** The interpreter that was chosen in the Python extension, when that is there. */
async function chosenInterpreter(): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  if (!extension) return undefined;
  try {
    const api = extension.isActive ? extension.exports : await extension.activate();
    return api.environments?.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri)?.path;
  } catch {
    return undefined; // an extension of others that fails is no reason for us to
  }
}
