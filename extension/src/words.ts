/** How numbers, times and runs are said. */

import { type Run, doneOf, isRunning } from "./runs";

/** "1 mini-batch", "3 mini-batches". */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** "850 ms", "12.3 s", "4 min 5 s", "2 h 3 min". */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** "just now", "5 min ago", "yesterday" ... of an ISO time. */
export function age(time: string, now: Date): string {
  const seconds = (now.getTime() - Date.parse(time)) / 1000;
  if (Number.isNaN(seconds)) return "";
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${counted(Math.floor(seconds / 86_400), "day")} ago`;
}

/** Rounded down: 100 only when all are done. */
export function percent(run: Run): number {
  return run.miniBatches.total === 0 ? 100 : Math.floor((100 * doneOf(run)) / run.miniBatches.total);
}

/** "450/900 · 1 failed", and how it ended. */
export function progressOf(run: Run): string {
  const parts = [`${doneOf(run)}/${run.miniBatches.total}`];
  if (run.miniBatches.failed > 0) parts.push(`${run.miniBatches.failed} failed`);
  if (!isRunning(run)) parts.unshift(run.status);
  return parts.join(" · ");
}

export interface StatusText {
  readonly text: string;
  readonly tooltip: string;
}

/** What the status bar says of the runs that are running; nothing without any. */
export function statusOf(runs: readonly Run[], stoppedWorkers: number): StatusText | undefined {
  const running = runs.filter(isRunning);
  const first = running[0];
  if (first === undefined) return undefined;
  const total = running.reduce((sum, run) => sum + run.miniBatches.total, 0);
  const done = running.reduce((sum, run) => sum + doneOf(run), 0);
  const failed = running.reduce((sum, run) => sum + run.miniBatches.failed, 0);
  const name = running.length === 1 ? first.name : counted(running.length, "run");
  const parts = [`${name} ${total === 0 ? 100 : Math.floor((100 * done) / total)} %`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (stoppedWorkers > 0) parts.push(`${stoppedWorkers} stopped`);
  return {
    text: `$(${stoppedWorkers > 0 ? "debug-pause" : "sync~spin"}) ${parts.join(" · ")}`,
    tooltip: running.map((run) => `${run.name}: ${progressOf(run)} mini-batches`).join("\n"),
  };
}
