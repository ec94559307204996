/** Finds the programs `batchscope` and `batchscope-dap`, and runs them. */

import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";

/** The oldest adapter that this extension understands. */
export const OLDEST_VERSION = "0.1.0";
/** From a checkout: what else may lie under that name on a package index is not ours as long as nothing is released. */
export const INSTALL_COMMAND = "pip install <checkout of batchscope>";
const LIMIT_MILLISECONDS = 30_000;
const MOST_OUTPUT_BYTES = 256 * 1024 * 1024;

/** Where to look, the most telling place first. */
export interface Places {
  /** The path a person has set; empty: none. */
  readonly setting: string;
  /** The interpreter chosen in the editor, or the folder of its environment. */
  readonly interpreter: string | undefined;
  readonly workspaceFolders: readonly string[];
  /** The variable PATH. */
  readonly path: string;
}

/** Why no program can be used, in words for a person. `isSetting`: what the person has set is wrong. */
export class ProgramError extends Error {
  constructor(
    message: string,
    readonly isSetting: boolean = false,
  ) {
    super(message);
  }
}

/** Paths where the program may lie, in the order of looking. */
export function candidates(places: Places, program: string): string[] {
  if (places.setting) {
    return [program === "batchscope-dap" ? places.setting : join(dirname(places.setting), program)];
  }
  const folders: string[] = [];
  if (places.interpreter) folders.push(dirname(places.interpreter), join(places.interpreter, "bin"));
  for (const folder of places.workspaceFolders) {
    folders.push(...[".venv", "venv", "env"].map((name) => join(folder, name, "bin")));
  }
  folders.push(...places.path.split(delimiter).filter((folder) => folder !== ""));
  return [...new Set(folders.map((folder) => join(folder, program)))];
}

/** The first candidate that runs and is new enough. @throws ProgramError */
export async function findProgram(places: Places, program: string): Promise<string> {
  const problems: string[] = [];
  for (const path of candidates(places, program)) {
    if (!(await isExecutable(path))) continue;
    const problem = await problemOf(path, program);
    if (problem === "") return path;
    problems.push(`${path} ${problem}`);
  }
  if (problems.length > 0) throw new ProgramError(problems.join("; "), places.setting !== "");
  if (places.setting) {
    const path = candidates(places, program)[0];
    throw new ProgramError(`there is no program ${path}; the setting batchscope.adapterPath leads there`, true);
  }
  throw new ProgramError(
    `${program} was found neither beside the chosen Python interpreter, nor in .venv of the workspace, nor in PATH`,
  );
}

/** What is wrong with a program, as the end of a sentence; empty when it can be used. */
async function problemOf(path: string, program: string): Promise<string> {
  let printed: string;
  try {
    printed = await run(path, ["--version"]);
  } catch (problem) {
    return `does not run: ${messageOf(problem)}`;
  }
  const version = /(\d+)\.(\d+)\.(\d+)/.exec(printed)?.[0];
  if (version === undefined) return `printed no version: ${JSON.stringify(printed.slice(0, 80))}`;
  return isOlder(version, OLDEST_VERSION) ? `is version ${version}; ${OLDEST_VERSION} or newer is needed` : "";
}

export function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((each) => each.split(".").map(Number));
  for (let i = 0; i < 3; ++i) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** What the program prints. @throws Error with the last line that it printed to stderr */
export function run(path: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: LIMIT_MILLISECONDS, maxBuffer: MOST_OUTPUT_BYTES, encoding: "utf8" as const };
    execFile(path, words, options, (problem, out, err) => {
      if (!problem) return resolve(out);
      const last = err.trimEnd().split("\n").at(-1);
      return reject(new Error(last ? last : problem.message));
    });
  });
}

export function messageOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
