/** A JupyterLab of its own for a test: its server, and nothing of the person's settings. */

import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { program, temporaryFolder } from "../lib/places.ts";
import { Program, freePort } from "../lib/processes.ts";
import { GENEROUS_MILLISECONDS, waitFor } from "../lib/waiting.ts";

const TRIES = 3;
const NO_NEWS = "settings/@jupyterlab/apputils-extension"; // a toast about them would cover the page

export class JupyterServer {
  readonly folder: string;
  /** What the file browser shows, and where notebooks run. */
  readonly workspace: string;
  readonly environment: NodeJS.ProcessEnv;
  #server: Program | undefined;
  #port = 0;

  private constructor() {
    this.folder = temporaryFolder("lab");
    this.workspace = join(this.folder, "workspace");
    for (const name of ["workspace", "home", "runtime", "data", "config", "workspaces", "ipython", NO_NEWS]) {
      mkdirSync(join(this.folder, name), { recursive: true });
    }
    const news = JSON.stringify({ fetchNews: "false", checkForUpdates: false });
    writeFileSync(join(this.folder, NO_NEWS, "notification.jupyterlab-settings"), news);
    this.environment = {
      ...process.env,
      HOME: join(this.folder, "home"),
      IPYTHONDIR: join(this.folder, "ipython"),
      JUPYTER_RUNTIME_DIR: join(this.folder, "runtime"),
      JUPYTER_DATA_DIR: join(this.folder, "data"),
      JUPYTER_CONFIG_DIR: join(this.folder, "config"),
      JUPYTERLAB_SETTINGS_DIR: join(this.folder, "settings"),
      JUPYTERLAB_WORKSPACES_DIR: join(this.folder, "workspaces"),
      JUPYTER_NO_CONFIG: "1",
      BATCHSCOPE_HOME: join(this.folder, "batchscope"),
      PATH: `${join(program("python"), "..")}:${process.env["PATH"] ?? ""}`,
    };
    for (const name of ["VIRTUAL_ENV", "JUPYTER_PATH", "XDG_DATA_HOME"]) delete this.environment[name];
  }

  static async start(): Promise<JupyterServer> {
    const server = new JupyterServer();
    try {
      await server.#serve();
    } catch (problem) {
      await server.stop();
      throw problem;
    }
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/lab?reset`;
  }

  /** Copies what the server logged, for a look after a failure. */
  keepLogs(results: string): void {
    cpSync(join(this.folder, "server.log"), join(results, "server.log"));
  }

  /** Ends it and its kernels. */
  async stop(): Promise<void> {
    this.#server?.signal("SIGTERM");
    await Promise.race([this.#server?.ended, pause(GENEROUS_MILLISECONDS, undefined, { ref: false })]).catch(
      () => undefined, // it could not even be started
    );
    await this.#server?.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Until it answers; a port that somebody else took meanwhile is given up for another. */
  async #serve(): Promise<void> {
    for (let tries = 1; ; ++tries) {
      this.#port = await freePort();
      const command = [
        ...[program("python"), "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"],
        ...[`--port=${this.#port}`, "--ServerApp.port_retries=0", "--IdentityProvider.token="],
        ...[`--ServerApp.root_dir=${this.workspace}`, "--LabApp.news_url=None"],
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
      ];
      const log = join(this.folder, "server.log");
      const server = new Program(command, { log, cwd: this.folder, env: this.environment });
      this.#server = server;
      const answers = await waitFor("answer of JupyterLab's server", async () => {
        if (!server.running) return "ended";
        return (await fetch(`http://127.0.0.1:${this.#port}/api/status`)).ok ? "ready" : undefined;
      });
      if (answers === "ready") return;
      if (tries === TRIES) throw new Error(`JupyterLab's server ended at once:\n${server.text().slice(-4000)}`);
    }
  }
}
