/** A VS Code of its own for a test: its server, an empty profile, our extension. */

import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { NODE_MODULES, ROOT, program, temporaryFolder } from "../lib/places.ts";
import { Program, freePort } from "../lib/processes.ts";
import { waitFor } from "../lib/waiting.ts";

const SERVER = join(NODE_MODULES, "code-server/lib/vscode/out/server-main.js");
const TRIES = 3;

export type Settings = Record<string, unknown>;

/** The package that scripts/package_extension makes. */
export function packagedExtension(): string {
  const manifest = JSON.parse(readFileSync(join(ROOT, "extension/package.json"), "utf8")) as { version: string };
  return join(ROOT, `build/batchscope-${manifest.version}.vsix`);
}

export class VsCode {
  readonly folder: string;
  /** The opened folder, to be filled by the test. */
  readonly workspace: string;
  /** Where runs lie, for whatever the test starts too. */
  readonly environment: NodeJS.ProcessEnv;
  #server: Program | undefined;
  #port = 0;

  private constructor() {
    this.folder = temporaryFolder("vscode");
    this.workspace = join(this.folder, "workspace");
    for (const name of ["workspace", "home", "tmp", "data/User", "data/Machine", "extensions"]) {
      mkdirSync(join(this.folder, name), { recursive: true });
    }
    this.environment = {
      ...process.env,
      HOME: join(this.folder, "home"),
      XDG_CONFIG_HOME: join(this.folder, "home/.config"),
      XDG_DATA_HOME: join(this.folder, "home/.local/share"),
      TMPDIR: join(this.folder, "tmp"), // sockets of VS Code, which it leaves behind
      BATCHSCOPE_HOME: join(this.folder, "batchscope"),
      PATH: `${join(program("python"), "..")}:${process.env["PATH"] ?? ""}`,
      EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: "http://127.0.0.1:9" }), // nobody there: no look-ups
    };
    for (const name of ["VSCODE_IPC_HOOK_CLI", "VIRTUAL_ENV"]) delete this.environment[name];
  }

  /** Starts it with our extension; `settings` come on top of those in settings.json. */
  static async start(settings: Settings = {}): Promise<VsCode> {
    const code = new VsCode();
    const usual = JSON.parse(readFileSync(join(import.meta.dirname, "settings.json"), "utf8")) as Settings;
    const text = JSON.stringify({ ...usual, ...settings });
    for (const name of ["User", "Machine"]) writeFileSync(join(code.folder, `data/${name}/settings.json`), text);
    try {
      await code.#program("install.log", "--install-extension", packagedExtension()).succeeds();
      await code.#serve();
    } catch (problem) {
      await code.stop();
      throw problem;
    }
    return code;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/?folder=${encodeURIComponent(this.workspace)}`;
  }

  /** Copies what the server logged, for a look after a failure. */
  keepLogs(results: string): void {
    for (const name of ["server.log", "install.log", "data/logs"]) {
      try {
        cpSync(join(this.folder, name), join(results, name), { recursive: true });
      } catch {
        // It never came to that.
      }
    }
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  #program(log: string, ...words: string[]): Program {
    const folders = ["--server-data-dir", this.folder, "--extensions-dir", join(this.folder, "extensions")];
    const command = [process.execPath, SERVER, ...folders, "--accept-server-license-terms", ...words];
    return new Program(command, { log: join(this.folder, log), cwd: this.folder, env: this.environment });
  }

  /** Until it answers; a port that somebody else took meanwhile is given up for another. */
  async #serve(): Promise<void> {
    for (let tries = 1; ; ++tries) {
      this.#port = await freePort();
      const host = ["--host", "127.0.0.1", "--port", String(this.#port), "--without-connection-token"];
      const server = this.#program("server.log", ...host, "--telemetry-level", "off", "--disable-workspace-trust");
      this.#server = server;
      const answers = await waitFor("answer of VS Code's server", async () => {
        if (!server.running) return "ended";
        return (await fetch(`http://127.0.0.1:${this.#port}/version`)).ok ? "ready" : undefined;
      });
      if (answers === "ready") return;
      if (tries === TRIES) throw new Error(`VS Code's server ended at once:\n${server.text().slice(-4000)}`);
    }
  }
}
