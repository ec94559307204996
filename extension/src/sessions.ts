/** Debug sessions of ours, and what is asked of all workers at once. */

import * as vscode from "vscode";

import { messageOf } from "./programs";

export const TYPE = "batchscope";

export class Sessions implements vscode.Disposable {
  readonly #sessions: vscode.DebugSession[] = [];
  readonly #subscriptions: vscode.Disposable[];

  constructor() {
    this.#subscriptions = [
      vscode.debug.onDidStartDebugSession((session) => {
        if (session.type === TYPE) this.#sessions.push(session);
        this.#tell();
      }),
      vscode.debug.onDidTerminateDebugSession((session) => {
        const place = this.#sessions.findIndex((each) => each.id === session.id);
        if (place >= 0) this.#sessions.splice(place, 1);
        this.#tell();
      }),
    ];
  }

  /** The one a person looks at, else the newest. */
  get current(): vscode.DebugSession | undefined {
    const active = vscode.debug.activeDebugSession;
    return active?.type === TYPE ? active : this.#sessions.at(-1);
  }

  /** That of a run, when it is debugged from this window. */
  ofRun(folder: string): vscode.DebugSession | undefined {
    return this.#sessions.find((session) => session.configuration["run"] === folder);
  }

  /** A request of ours, for all workers or these; an error is shown. */
  async ask(session: vscode.DebugSession, request: string, workers?: readonly number[]): Promise<void> {
    try {
      await session.customRequest(`batchscope/${request}`, workers ? { workers } : {});
    } catch (problem) {
      const again = "Try Again";
      const chosen = await vscode.window.showErrorMessage(`Batchscope: ${messageOf(problem)}`, again);
      if (chosen === again) await this.ask(session, request, workers);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #tell(): void {
    void vscode.commands.executeCommand("setContext", "batchscope.debugging", this.#sessions.length > 0);
  }
}
