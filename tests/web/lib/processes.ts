/** Programs that a test starts, and ends whatever happens. */

import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

// The test runner ends a file that takes too long by SIGTERM; what the file started ends with it.
process.once("SIGTERM", () => process.exit(1));

/** A started program in a process group of its own, whose output goes to a file. */
export class Program {
  readonly child: ChildProcess;
  readonly log: string;
  /** The exit code, or the signal's name, once it has ended. */
  readonly ended: Promise<number | string>;

  constructor(command: string[], options: { log: string; cwd?: string; env?: NodeJS.ProcessEnv }) {
    this.log = options.log;
    const output = openSync(options.log, "a");
    const stdio: StdioOptions = ["ignore", output, output];
    const [name, ...words] = command;
    this.child = spawn(name!, words, { stdio, cwd: options.cwd, env: options.env, detached: true });
    closeSync(output);
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("exit", (code, signal) => resolve(code ?? signal ?? -1));
    });
    this.ended.catch(() => undefined); // told to whoever awaits it
    process.once("exit", () => this.signal("SIGKILL"));
  }

  text(): string {
    return readFileSync(this.log, "utf8");
  }

  get running(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** To the program and what it started, unless it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (!this.running) return;
    try {
      process.kill(-this.child.pid!, signal);
    } catch {
      // It has ended meanwhile.
    }
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended.catch(() => undefined);
  }

  /** Waits for its end; throws with the end of its output unless the exit code is 0. */
  async succeeds(): Promise<string> {
    const code = await this.ended;
    if (code !== 0) {
      throw new Error(`${this.child.spawnargs.join(" ")} ended with ${code}:\n${this.text().slice(-4000)}`);
    }
    return this.text();
  }
}

/** A port of 127.0.0.1 that nobody listened on a moment ago; whoever uses it tries another when it is taken. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = address && typeof address === "object" ? address.port : 0;
      server.close(() => (port ? resolve(port) : reject(new Error("no port is free"))));
    });
  });
}
