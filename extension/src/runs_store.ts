/** What is known of the runs on this machine, kept current. */

import * as vscode from "vscode";

import { type ProgramFinder } from "./program_finder";
import { ProgramError, messageOf, run as runProgram } from "./programs";
import { Refresher, runsFolder } from "./refresher";
import { type Run, type RunDetails, isRunning, readDetails, readRuns } from "./runs";
import { SECTION, homeWords, runsFolderSetting } from "./settings";

/** Older ones are left to `batchscope list`. */
const MOST_RUNS = 100;

/** Why there is nothing to show: the value of the context `batchscope.problem`. */
type Problem = "none" | "noProgram" | "cannotList";

export class RunsStore implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  #runs: Run[] = [];
  #details = new Map<string, RunDetails>();
  /** Folders of runs whose details are asked for. */
  readonly #opened = new Set<string>();
  readonly #refresher = new Refresher(() => this.#look());
  readonly #subscription: vscode.Disposable;
  #problem = "";
  /** What listeners were told of last. */
  #shown = "";

  constructor(
    private readonly finder: ProgramFinder,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#refresher.watch(runsFolder(runsFolderSetting(), process.env));
    this.#subscription = vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration(SECTION)) return;
      this.#refresher.watch(runsFolder(runsFolderSetting(), process.env));
      void this.refresh();
    });
  }

  /** The newest first. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  get details(): ReadonlyMap<string, RunDetails> {
    return this.#details;
  }

  get running(): readonly Run[] {
    return this.#runs.filter(isRunning);
  }

  /** Of all running runs whose workers are known. */
  get stoppedWorkers(): number {
    return this.running
      .flatMap((run) => this.#details.get(run.folder)?.workers ?? [])
      .filter((worker) => worker.stopped).length;
  }

  refresh(): Promise<void> {
    return this.#refresher.now();
  }

  setVisible(visible: boolean): void {
    this.#refresher.setVisible(visible);
  }

  /** From now on the run's workers, mini-batches and failures are known too, or no longer. */
  setOpened(folder: string, opened: boolean): void {
    if (opened === this.#opened.has(folder)) return;
    if (opened) {
      this.#opened.add(folder);
      void this.refresh();
    } else {
      this.#opened.delete(folder);
    }
  }

  dispose(): void {
    this.#refresher.close();
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  async #look(): Promise<boolean> {
    try {
      const program = await this.finder.find("batchscope");
      const runs = readRuns(await runProgram(program, ["list", "--json", ...homeWords()])).slice(0, MOST_RUNS);
      const details = await this.#lookCloser(program, runs);
      this.#runs = runs.map((run) => details.get(run.folder)?.run ?? run);
      this.#details = details;
      await this.#tell("none", "");
    } catch (problem) {
      this.#runs = [];
      this.#details = new Map();
      await this.#tell(problem instanceof ProgramError ? "noProgram" : "cannotList", messageOf(problem));
    }
    this.#fireIfChanged();
    return this.running.length > 0;
  }

  /** The minute is part of it, since ages are shown. */
  #fireIfChanged(): void {
    const shown = JSON.stringify([this.#runs, [...this.#details.values()], Math.floor(Date.now() / 60_000)]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#changed.fire();
  }

  /** Details of those that run or are open in the view; of an ended one what was known of its end is kept. */
  async #lookCloser(program: string, runs: readonly Run[]): Promise<Map<string, RunDetails>> {
    const details = new Map<string, RunDetails>();
    for (const run of runs) {
      const known = this.#details.get(run.folder);
      const opened = this.#opened.has(run.folder);
      if (known && !isRunning(known.run) && (known.miniBatches || !opened)) {
        details.set(run.folder, known);
      } else if (isRunning(run) || opened) {
        const words = ["show", run.folder, "--json", "--workers", ...(opened ? ["--mini-batches"] : [])];
        try {
          details.set(run.folder, readDetails(await runProgram(program, words)));
        } catch (problem) {
          this.log.warn(`${run.id}: ${messageOf(problem)}`);
        }
      }
    }
    return details;
  }

  async #tell(problem: Problem, words: string): Promise<void> {
    if (words && words !== this.#problem) this.log.error(words);
    this.#problem = words;
    await vscode.commands.executeCommand("setContext", "batchscope.problem", problem);
  }
}
