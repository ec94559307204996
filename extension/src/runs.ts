/** Runs, their workers and mini-batches, as `batchscope list --json` and `batchscope show --json` tell them. */

import { Json } from "./json";

export interface Run {
  readonly id: string;
  /** The step's. */
  readonly name: string;
  readonly status: string;
  /** Why it failed; may be empty. */
  readonly reason: string;
  /** UTC, ISO 8601. */
  readonly started: string;
  readonly elapsedSeconds: number;
  readonly miniBatches: { readonly total: number; readonly succeeded: number; readonly failed: number };
  readonly folder: string;
  readonly output: string | undefined;
  readonly logs: string;
}

export interface Worker {
  readonly number: number;
  readonly pid: number;
  readonly phase: string;
  readonly miniBatch: number | undefined;
  /** Counted from 1. */
  readonly attempt: number | undefined;
  readonly lane: boolean;
  readonly stopped: boolean;
  /** Where it is stopped; may be empty. */
  readonly file: string;
  readonly line: number;
}

export interface MiniBatch {
  readonly id: number;
  /** "Waiting", "Succeeded" or "Failed". */
  readonly status: string;
  /** Begun by now. */
  readonly attempts: number;
  readonly items: number;
  readonly runSeconds: number;
  /** Its last failure; may be empty. */
  readonly error: string;
}

/** A failed attempt; of init() when there is no mini-batch. */
export interface Failure {
  readonly miniBatch: number | undefined;
  /** Counted from 1. */
  readonly attempt: number;
  readonly last: boolean;
  readonly type: string;
  readonly message: string;
  readonly traceback: string;
}

export interface RunDetails {
  readonly run: Run;
  /** None when the run cannot be asked: it is over, or its host has no control endpoint. */
  readonly workers: readonly Worker[] | undefined;
  /** The first thousand of each status; none when they were not asked for. */
  readonly miniBatches: readonly MiniBatch[] | undefined;
  readonly failures: readonly Failure[];
  /** Of all failed attempts, also those that `failures` leaves out. */
  readonly failureCount: number;
}

export function isRunning(run: Run): boolean {
  return run.status === "running";
}

/** Mini-batches that are settled. */
export function doneOf(run: Run): number {
  return run.miniBatches.succeeded + run.miniBatches.failed;
}

/** @throws JsonError */
export function readRuns(text: string): Run[] {
  return Json.parse(text, "batchscope list").list().map(readRun);
}

/** @throws JsonError */
export function readDetails(text: string): RunDetails {
  const page = Json.parse(text, "batchscope show");
  return {
    run: readRun(page),
    workers: page.at("workers").maybe((workers) => workers.list().map(readWorker)),
    miniBatches: page.at("mini_batch_rows").maybe((rows) => rows.list().map(readMiniBatch)),
    failures: page.at("errors").list().map(readFailure),
    failureCount: page.at("errors_total").number(),
  };
}

function readRun(run: Json): Run {
  const miniBatches = run.at("mini_batches");
  return {
    id: run.at("id").text(),
    name: run.at("name").text(),
    status: run.at("status").text(),
    reason: run.at("reason").text(),
    started: run.at("started").text(),
    elapsedSeconds: run.at("elapsed_seconds").number(),
    miniBatches: {
      total: miniBatches.at("total").number(),
      succeeded: miniBatches.at("succeeded").number(),
      failed: miniBatches.at("failed").number(),
    },
    folder: run.at("folder").text(),
    output: run.at("output").maybe((output) => output.text()),
    logs: run.at("logs").text(),
  };
}

function readWorker(worker: Json): Worker {
  return {
    number: worker.at("worker").number(),
    pid: worker.at("pid").number(),
    phase: worker.at("phase").text(),
    miniBatch: worker.at("mini_batch").maybe((id) => id.number()),
    attempt: worker.at("attempt").maybe((attempt) => attempt.number() + 1),
    lane: worker.at("lane").flag(),
    stopped: worker.at("stopped").flag(),
    file: worker.at("file").text(),
    line: worker.at("line").number(),
  };
}

function readMiniBatch(row: Json): MiniBatch {
  return {
    id: row.at("mini_batch").number(),
    status: row.at("status").text(),
    attempts: row.at("attempts").number(),
    items: row.at("items").number(),
    runSeconds: row.at("run_seconds").number(),
    error: row.at("error").text(),
  };
}

function readFailure(row: Json): Failure {
  return {
    miniBatch: row.at("mini_batch").maybe((id) => id.number()),
    attempt: row.at("attempt").number() + 1,
    last: row.at("last").flag(),
    type: row.at("type").text(),
    message: row.at("message").text(),
    traceback: row.at("traceback").text(),
  };
}
