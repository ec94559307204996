/** The one place where a browser test waits for the world. */

import { setTimeout as pause } from "node:timers/promises";

/** A watchdog against a hang, no measure of speed. */
export const GENEROUS_MILLISECONDS = 120_000;

/**
 * Looks until there is something to see, and returns it.
 *
 * @param what the words of the failure: "no <what> within ...", with what was seen last
 * @param look called again and again; an exception counts as nothing to see
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T> | T,
  limit: number = GENEROUS_MILLISECONDS,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + limit;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen) return seen;
      last = seen;
    } catch (problem) {
      last = problem;
    }
    if (performance.now() > deadline) {
      throw new Error(`no ${what} within ${limit / 1000} s; seen last: ${String(last)}`);
    }
    await pause(50);
  }
}
