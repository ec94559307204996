/** When to look again: often while something is to be seen, else only when a folder changes. */

import { type FSWatcher, existsSync, watch } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

const LIVELY_MILLISECONDS = 1000;
const AFTER_CHANGE_MILLISECONDS = 200;

/** Where runs lie, as the program `batchscope` decides it. */
export function runsFolder(setting: string, environment: NodeJS.ProcessEnv): string {
  if (setting) return setting;
  if (environment["BATCHSCOPE_HOME"]) return join(environment["BATCHSCOPE_HOME"], "runs");
  const data = environment["XDG_DATA_HOME"] || join(environment["HOME"] || homedir(), ".local/share");
  return join(data, "batchscope/runs");
}

/** Calls `look` again and again, never twice at once. `look` says whether something moves. */
export class Refresher {
  #timer: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #visible = false;
  #closed = false;

  constructor(private readonly look: () => Promise<boolean>) {}

  /** Watches the folder that gets a new entry with each run, or, until it is there, the nearest one above it. */
  watch(folder: string): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    let nearest = folder;
    while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
    const onChange = (): void => {
      if (nearest !== folder) {
        const next = folder.slice(nearest.length).split("/").find((name) => name !== "") ?? "";
        if (!existsSync(join(nearest, next))) return;
        this.watch(folder);
      }
      this.#later(AFTER_CHANGE_MILLISECONDS);
    };
    try {
      this.#watcher = watch(nearest, onChange);
      this.#watcher.on("error", () => undefined); // then the view is current when it becomes visible
    } catch {
      // As above.
    }
  }

  setVisible(visible: boolean): void {
    this.#visible = visible;
    if (visible) void this.now();
  }

  /** Looks at once; when a look is under way, another one follows it. */
  now(): Promise<void> {
    if (this.#looking) {
      this.#again = true;
      return this.#looking;
    }
    this.#looking = this.#lookUntilCurrent().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  close(): void {
    this.#closed = true;
    this.#watcher?.close();
    clearTimeout(this.#timer);
  }

  async #lookUntilCurrent(): Promise<void> {
    let moves = false;
    do {
      this.#again = false;
      moves = await this.look();
    } while (this.#again && !this.#closed);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (moves || this.#visible) this.#later(LIVELY_MILLISECONDS);
  }

  #later(milliseconds: number): void {
    if (this.#closed || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.now();
    }, milliseconds);
  }
}
