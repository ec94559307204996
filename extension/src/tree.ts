/** What the view shows of runs, as plain nodes. */

import { type Failure, type MiniBatch, type Run, type RunDetails, type Worker, doneOf, isRunning } from "./runs";
import { age, counted, duration, percent, progressOf } from "./words";

/** An icon by its codicon's name, and the theme's color for it. */
export interface Icon {
  readonly name: string;
  readonly color?: string;
}

export interface Node {
  /** Stays the same while the thing does, so that the view keeps what is open and chosen. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly icon: Icon;
  /** What menus ask for. */
  readonly kind: string;
  readonly run: Run;
  readonly worker?: number;
  readonly miniBatch?: number;
  readonly children: readonly Node[];
  /** Children are there, but have to be asked for by `RunDetails`. */
  readonly isOpenable: boolean;
  readonly isOpen: boolean;
}

/** Rows beneath one group; more are counted only. */
export const MOST_ROWS = 200;

const RED = "testing.iconFailed";
const GREEN = "testing.iconPassed";
const YELLOW = "debugIcon.pauseForeground";
const STATUS_ICONS: Record<string, Icon> = {
  running: { name: "sync~spin" },
  completed: { name: "pass", color: GREEN },
  failed: { name: "error", color: RED },
  cancelled: { name: "circle-slash" },
  crashed: { name: "flame", color: RED },
};
const PHASES: Record<string, string> = {
  starting: "starting",
  waiting: "waiting for a mini-batch",
  ending: "ending",
};

/**
 * The newest run first.
 *
 * @param details known of those that run or were opened, by folder
 * @param isOpen whether the view shows what is beneath a run that nobody has touched yet
 */
export function runNodes(
  runs: readonly Run[],
  details: ReadonlyMap<string, RunDetails>,
  isOpen: (run: Run) => boolean,
  now: Date,
): Node[] {
  return runs.map((run) => {
    const known = details.get(run.folder);
    const running = isRunning(run);
    return {
      ...leaf(run, "", run.name, running ? "run.running" : "run.ended"),
      description: running
        ? `${percent(run)} % · ${progressOf(run)} · ${duration(run.elapsedSeconds)}`
        : `${progressOf(run)} · ${age(run.started, now)}`,
      tooltip: tooltipOf(run),
      icon: STATUS_ICONS[run.status] ?? { name: "question" },
      children: known ? partsOf(known) : [],
      isOpenable: true,
      isOpen: isOpen(run),
    };
  });
}

function tooltipOf(run: Run): string {
  const { succeeded, failed, total } = run.miniBatches;
  const lines = [
    run.id,
    run.status + (run.reason ? `: ${run.reason}` : ""),
    `${counted(total, "mini-batch", "mini-batches")}: ${succeeded} succeeded, ${failed} failed`,
    `started ${run.started}, ${duration(run.elapsedSeconds)}`,
    run.folder,
  ];
  return lines.join("\n");
}

function partsOf(details: RunDetails): Node[] {
  const parts = [];
  if (details.workers) parts.push(workersNode(details.run, details.workers));
  parts.push(miniBatchesNode(details));
  if (details.failureCount > 0) parts.push(failuresNode(details));
  return parts;
}

function leaf(run: Run, path: string, label: string, kind: string): Node {
  return {
    id: `${run.folder}${path}`,
    label,
    description: "",
    tooltip: label,
    icon: { name: "circle-outline" },
    kind,
    run,
    children: [],
    isOpenable: false,
    isOpen: false,
  };
}

function group(run: Run, path: string, label: string, kind: string, children: readonly Node[]): Node {
  const rows = children.slice(0, MOST_ROWS);
  if (children.length > rows.length) {
    const more = leaf(run, `${path}/more`, `and ${children.length - rows.length} more`, "more");
    rows.push({ ...more, icon: { name: "ellipsis" } });
  }
  return { ...leaf(run, path, label, kind), children: rows, isOpenable: rows.length > 0 };
}

// ---- Workers

function workersNode(run: Run, workers: readonly Worker[]): Node {
  const stopped = workers.filter((worker) => worker.stopped).length;
  return {
    ...group(run, "/workers", "Workers", "workers", workers.map((worker) => workerNode(run, worker))),
    description: `${workers.length}${stopped > 0 ? ` · ${stopped} stopped` : ""}`,
    icon: { name: "server-process" },
    isOpen: true,
  };
}

function workerNode(run: Run, worker: Worker): Node {
  const held = worker.phase === "held";
  const kind = worker.stopped || held ? "worker.stopped" : "worker";
  const doing = worker.miniBatch === undefined ? "" : `batch ${worker.miniBatch} · attempt ${worker.attempt ?? 1}`;
  const place = worker.file ? `${nameOf(worker.file)}:${worker.line}` : "";
  const parts = [doing || (PHASES[worker.phase] ?? worker.phase)];
  if (worker.stopped) parts.push(place ? `stopped at ${place}` : "stopped");
  if (held) parts.push("held after its failure");
  if (worker.lane) parts.push("debug lane");
  return {
    ...leaf(run, `/workers/${worker.number}`, `w${worker.number}`, kind),
    description: parts.join(" · "),
    tooltip: `process ${worker.pid}${worker.file ? `\n${worker.file}:${worker.line}` : ""}`,
    icon: iconOf(worker),
    worker: worker.number,
  };
}

function iconOf(worker: Worker): Icon {
  if (worker.stopped || worker.phase === "held") return { name: "debug-pause", color: YELLOW };
  return { name: worker.phase === "running" ? "play" : "circle-outline" };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

// ---- Mini-batches

function miniBatchesNode(details: RunDetails): Node {
  const run = details.run;
  const all = details.miniBatches ?? [];
  const holders = new Map(details.workers?.map((worker) => [worker.miniBatch, worker]));
  const { total, succeeded, failed } = run.miniBatches;
  const isHeld = (row: MiniBatch): boolean => row.status === "Waiting" && holders.has(row.id);
  const running = all.filter(isHeld);
  const parts = [
    rowsNode(run, "failed", failed, all.filter((row) => row.status === "Failed")),
    rowsNode(run, "running", running.length, running),
    rowsNode(
      run,
      "waiting",
      Math.max(0, total - succeeded - failed - running.length),
      all.filter((row) => row.status === "Waiting" && !holders.has(row.id)),
    ),
    rowsNode(run, "succeeded", succeeded, all.filter((row) => row.status === "Succeeded")),
  ];
  return {
    ...group(run, "/mini-batches", "Mini-batches", "miniBatches", parts.filter((part) => part.description !== "0")),
    description: `${doneOf(run)}/${total}${failed > 0 ? ` · ${failed} failed` : ""}`,
    icon: { name: "layers" },
  };
}

const ROW_ICONS: Record<string, Icon> = {
  failed: { name: "error", color: RED },
  running: { name: "play" },
  waiting: { name: "circle-outline" },
  succeeded: { name: "pass", color: GREEN },
};

function rowsNode(run: Run, state: string, count: number, rows: readonly MiniBatch[]): Node {
  const icon = ROW_ICONS[state] ?? { name: "circle-outline" };
  const path = `/mini-batches/${state}`;
  const nodes = rows.map((row) => ({ ...miniBatchNode(run, path, row), icon }));
  const label = state.charAt(0).toUpperCase() + state.slice(1);
  return { ...group(run, path, label, "state", nodes), description: `${count}`, icon };
}

function miniBatchNode(run: Run, path: string, row: MiniBatch): Node {
  const parts = [counted(row.items, "item")];
  if (row.attempts > 1) parts.push(counted(row.attempts, "attempt"));
  if (row.runSeconds > 0) parts.push(duration(row.runSeconds));
  if (row.error) parts.push(firstLine(row.error));
  return {
    ...leaf(run, `${path}/${row.id}`, `mini-batch ${row.id}`, "miniBatch"),
    description: parts.join(" · "),
    tooltip: row.error || `mini-batch ${row.id}: ${parts.join(" · ")}`,
    miniBatch: row.id,
  };
}

// ---- Failures

/** Failed attempts that look the same: one type and message, numbers aside. */
function groupFailures(failures: readonly Failure[]): Failure[][] {
  const groups = new Map<string, Failure[]>();
  for (const failure of failures) {
    const key = `${failure.type}: ${firstLine(failure.message).replace(/\d+/g, "#")}`;
    const same = groups.get(key);
    if (same) same.push(failure);
    else groups.set(key, [failure]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

function failuresNode(details: RunDetails): Node {
  const kinds = groupFailures(details.failures).map((same) => failureGroup(details.run, same));
  return {
    ...group(details.run, "/failures", "Failures", "failures", kinds),
    description: counted(details.failureCount, "failed attempt"),
    icon: { name: "bug", color: RED },
    isOpen: true,
  };
}

function failureGroup(run: Run, same: readonly Failure[]): Node {
  const first = same[0]!;
  const title = titleOf(first);
  const path = `/failures/${title}`;
  return {
    ...group(run, path, title, "failureGroup", same.map((failure) => failureNode(run, path, failure))),
    description: `${same.length} x`,
    tooltip: first.traceback || `${first.type}: ${first.message}`,
    icon: { name: "error", color: RED },
  };
}

function failureNode(run: Run, path: string, failure: Failure): Node {
  const where = failure.miniBatch === undefined ? "init()" : `mini-batch ${failure.miniBatch}`;
  const node = leaf(run, `${path}/${failure.miniBatch ?? "init"}/${failure.attempt}`, where, "miniBatch");
  return {
    ...node,
    kind: failure.miniBatch === undefined ? "init" : "miniBatch",
    description: `attempt ${failure.attempt}${failure.last ? ", the last" : ""}`,
    tooltip: failure.traceback || `${failure.type}: ${failure.message}`,
    icon: { name: "error", color: RED },
    ...(failure.miniBatch === undefined ? {} : { miniBatch: failure.miniBatch }),
  };
}

function titleOf(failure: Failure): string {
  const message = firstLine(failure.message);
  return failure.type ? `${failure.type}: ${message}` : message;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
