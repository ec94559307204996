/** Where things lie in this checkout. */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../../..");
export const NODE_MODULES = join(ROOT, "tests/web/node_modules");

/** A program of the virtual environment that scripts/setup made: "python", "batchscope", "batchscope-dap", ... */
export function program(name: string): string {
  return join(ROOT, ".venv/bin", name);
}

/**
 * A new folder for one test, outside of the checkout; short, since sockets lie in it. It is gone with this process, as
 * far as nobody writes into it any more.
 */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  process.once("exit", () => {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // A program that a failed test left behind still writes there.
    }
  });
  return folder;
}

/** Where screenshots and logs of the browser tests lie after a run. */
export function resultsFolder(name: string): string {
  const folder = join(ROOT, "build/web", name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
