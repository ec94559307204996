/** Commands that open what a run has written: output, errors, logs, and the story of a mini-batch. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";

import { type ProgramFinder, showProgramError } from "./program_finder";
import { ProgramError, messageOf, run as runProgram } from "./programs";
import { type Run } from "./runs";
import { type RunsStore } from "./runs_store";
import { type Node } from "./tree";
import { progressOf } from "./words";

const SCHEME = "batchscope-story";

export function registerRecordCommands(store: RunsStore, finder: ProgramFinder): vscode.Disposable[] {
  const register = (name: string, open: (run: Run) => Promise<void>): vscode.Disposable =>
    vscode.commands.registerCommand(`batchscope.${name}`, async (node?: Node) => {
      const run = node?.run ?? (await chooseAnyRun(store));
      if (run) await open(run);
    });
  return [
    register("openOutput", openOutput),
    register("openErrors", openErrors),
    register("openLogs", openLogs),
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: (uri) => storyOf(uri, finder),
    }),
    vscode.commands.registerCommand("batchscope.showMiniBatch", async (node?: Node) => {
      if (node?.miniBatch === undefined) return;
      const path = `/${node.run.name}, mini-batch ${node.miniBatch}.txt`;
      const query = JSON.stringify([node.run.folder, node.miniBatch]);
      const document = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme: SCHEME, path, query }));
      await vscode.window.showTextDocument(document, { preview: true });
    }),
  ];
}

/** The one a person picks; the only one without asking. */
async function chooseAnyRun(store: RunsStore): Promise<Run | undefined> {
  await store.refresh();
  if (store.runs.length === 0) {
    void vscode.window.showInformationMessage("Batchscope: there are no runs on this machine yet.");
    return undefined;
  }
  if (store.runs.length === 1) return store.runs[0];
  const items = store.runs.map((run) => ({ label: run.name, description: progressOf(run), detail: run.id, run }));
  return (await vscode.window.showQuickPick(items, { title: "Of which run?", matchOnDetail: true }))?.run;
}

async function openFile(path: string): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.file(path), { preview: true });
}

async function openOutput(run: Run): Promise<void> {
  if (run.output === undefined) {
    const text = `Batchscope: ${run.name} has no output file; its output action is summary_only.`;
    void vscode.window.showInformationMessage(text);
    return;
  }
  try {
    await openFile(run.output);
  } catch {
    await offerLogs(run, `the output of ${run.name} is not there (yet): ${run.output}`);
  }
}

async function openErrors(run: Run): Promise<void> {
  try {
    await openFile(join(run.logs, "user", "error.txt"));
  } catch {
    await offerLogs(run, `${run.name} has no failed attempt so far`);
  }
}

async function offerLogs(run: Run, text: string): Promise<void> {
  const logs = "Open Logs";
  if ((await vscode.window.showInformationMessage(`Batchscope: ${text}.`, logs)) === logs) await openLogs(run);
}

/** A list of the log files; readme.txt, which says what each holds, stands first. */
async function openLogs(run: Run): Promise<void> {
  const entries = await readdir(run.logs, { recursive: true, withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(run.logs.length + 1))
    .sort((a, b) => Number(b === "readme.txt") - Number(a === "readme.txt") || a.localeCompare(b));
  if (names.length === 0) {
    void vscode.window.showInformationMessage(`Batchscope: there are no logs in ${run.logs}.`);
    return;
  }
  const title = `Logs of ${run.name}`;
  const chosen = await vscode.window.showQuickPick(names, { title, placeHolder: "readme.txt says what each holds" });
  if (chosen !== undefined) await openFile(join(run.logs, chosen));
}

async function storyOf(uri: vscode.Uri, finder: ProgramFinder): Promise<string> {
  const [folder, miniBatch] = JSON.parse(uri.query) as [string, number];
  try {
    return await runProgram(await finder.find("batchscope"), ["show", folder, "--why", String(miniBatch)]);
  } catch (problem) {
    if (problem instanceof ProgramError) void showProgramError(problem);
    return messageOf(problem);
  }
}
