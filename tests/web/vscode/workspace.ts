/** A person's folder: an entry script, files, a step, a launch.json, a notebook that starts the step in our kernel. */

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ROOT, program } from "../lib/places.ts";
import { Program } from "../lib/processes.ts";
import { type VsCode } from "./server.ts";

export const WORKERS = 3;
export const MINI_BATCHES = 12;
export const SCRIPT = "words.py";

/** Stays in run() until the file GATE is there (or the test's folder is gone): a test decides when run() is over. */
const TEXT = `import os
import time


def init():
    global gate
    gate = os.environ["WORDS_GATE"]  # @init


def run(mini_batch):
    rows = []  # @first
    for path in mini_batch:
        with open(path) as file:
            words = file.read().split()
        count = len(words)  # @count
        rows.append(f"{os.path.basename(path)} {count}")
    while not os.path.exists(gate) and os.path.exists(path):
        time.sleep(0.02)  # @waiting
    return rows
`;

const CELL = `import batchscope

config = batchscope.ParallelRunConfig(
    entry_script="${SCRIPT}",
    source_directory="source",
    mini_batch_size=1,
    error_threshold=-1,
    process_count_per_node=${WORKERS},
    run_invocation_timeout=3600,
)
step = batchscope.ParallelRunStep(name="words", parallel_run_config=config, inputs=["texts"])
run = step.submit()
run.wait()
print(run.output.read_text())
`;

/** The line of the script that ends with the comment \`# @marker\`. */
export function lineOf(marker: string): number {
  const line = TEXT.split("\n").findIndex((each) => each.endsWith(`# @${marker}`));
  if (line < 0) throw new Error(`the script has no line marked ${marker}`);
  return line + 1;
}

export class Workspace {
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #gate: string;

  constructor(code: VsCode) {
    this.#folder = code.workspace;
    this.#gate = join(code.folder, "gate");
    this.#environment = { ...code.environment, WORDS_GATE: this.#gate };
    symlinkSync(join(ROOT, ".venv"), join(this.#folder, ".venv")); // where the extension looks for our programs
    for (const name of ["source", "texts"]) mkdirSync(join(this.#folder, name));
    writeFileSync(join(this.#folder, "source", SCRIPT), TEXT);
    for (let number = 0; number < MINI_BATCHES; ++number) {
      const name = `${String(number).padStart(4, "0")}.txt`;
      writeFileSync(join(this.#folder, "texts", name), "word ".repeat(number));
    }
    const cell = { cell_type: "code", id: "a", execution_count: null, metadata: {}, outputs: [], source: CELL };
    const kernelspec = { name: "batchscope", display_name: "Python (Batchscope)", language: "python" };
    const notebook = { cells: [cell], metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
    writeFileSync(join(this.#folder, "words.ipynb"), JSON.stringify(notebook));
    const step = {
      name: "words",
      parallel_run_config: {
        entry_script: SCRIPT,
        source_directory: "source",
        mini_batch_size: 1,
        error_threshold: -1,
        process_count_per_node: WORKERS,
        run_invocation_timeout: 3600,
      },
      inputs: ["texts"],
      output: "counts",
    };
    writeFileSync(join(this.#folder, "step.json"), JSON.stringify(step, null, 2));
    const launch = {
      type: "batchscope",
      request: "launch",
      name: "Words",
      step: "${workspaceFolder}/step.json",
      env: { WORDS_GATE: this.#gate },
    };
    mkdirSync(join(this.#folder, ".vscode"));
    const configurations = JSON.stringify({ version: "0.2.0", configurations: [launch] }, null, 2);
    writeFileSync(join(this.#folder, ".vscode/launch.json"), configurations);
  }

  /** Runs the notebook from start to end in our kernel. */
  startNotebook(log: string): Program {
    const command = [program("python"), "-m", "jupyter", "execute", "--inplace", "--timeout=-1", "words.ipynb"];
    return new Program(command, { log, cwd: this.#folder, env: this.#environment });
  }

  /** The lines that the notebook's cell has printed. */
  printed(): string[] {
    const text = readFileSync(join(this.#folder, "words.ipynb"), "utf8");
    const { cells } = JSON.parse(text) as { cells: { outputs: { name?: string; text?: string | string[] }[] }[] };
    const outputs = cells.flatMap((cell) => cell.outputs).filter((output) => output.name === "stdout");
    return outputs.flatMap((output) => output.text ?? []).join("").trimEnd().split("\n");
  }

  /** Lets every run() come to its end. */
  openGate(): void {
    writeFileSync(this.#gate, "");
  }

  /** The rows that a right run writes. */
  expectedRows(): string[] {
    return Array.from({ length: MINI_BATCHES }, (_, number) => `${String(number).padStart(4, "0")}.txt ${number}`);
  }

  /** The rows of the step's output file. */
  rows(): string[] {
    return readFileSync(join(this.#folder, "counts/parallel_run_step.txt"), "utf8").trimEnd().split("\n");
  }
}
