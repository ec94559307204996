/** What a person does in JupyterLab, and sees there. */

import { type Locator, type Page } from "playwright-core";

import { waitFor } from "../lib/waiting.ts";

const KERNEL = "Python (Batchscope)";
const HIGHLIGHT = ".jp-DebuggerEditor-highlight";

export class Lab {
  readonly page: Page;
  readonly #notebook: Locator;
  readonly #panel: Locator;

  constructor(page: Page) {
    this.page = page;
    this.#notebook = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)");
    this.#panel = page.locator("#jp-debugger-sidebar");
  }

  /** Opens a new notebook of our kernel, and waits until that is idle. */
  async openNotebook(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator(`.jp-LauncherCard[data-category="Notebook"][title="${KERNEL}"]`).click();
    await this.#status("Idle");
  }

  /** Not the notebook's own indicator: that one says idle while there is no kernel yet. */
  async #status(text: string): Promise<void> {
    await this.page.locator("#jp-main-statusbar", { hasText: `${KERNEL} | ${text}` }).waitFor();
  }

  // ---- Cells, counted from 0

  #cell(index: number): Locator {
    return this.#notebook.locator(".jp-Notebook-cell").nth(index);
  }

  async write(cell: number, code: string): Promise<void> {
    await this.#cell(cell).locator(".cm-content").fill(code);
  }

  /** Sends the cell to the kernel; the last one gets another behind it. */
  async run(cell: number): Promise<void> {
    await this.#cell(cell).locator(".cm-content").focus();
    await this.page.keyboard.press("Shift+Enter");
  }

  /** Waits for the end of a cell that was sent; returns its outputs, one text each. */
  async outputs(cell: number): Promise<string[]> {
    const prompt = this.#cell(cell).locator(".jp-InputArea-prompt");
    await waitFor(`end of cell ${cell}`, async () => /^\[\d+\]:$/.test(await prompt.innerText()));
    return this.#cell(cell).locator(".jp-OutputArea-output").allInnerTexts();
  }

  async isRunning(cell: number): Promise<boolean> {
    return (await this.#cell(cell).locator(".jp-InputArea-prompt").innerText()) === "[*]:";
  }

  // ---- The debugger

  #bug(state: string): Locator {
    return this.#notebook.locator(`jp-button.jp-DebuggerBugButton${state}`);
  }

  async switchDebuggerOn(): Promise<void> {
    await this.#bug('[aria-label="Enable Debugger"]:not([disabled])').click();
    await this.#bug('[aria-pressed="true"]').waitFor();
    await this.#panel.waitFor();
  }

  async switchDebuggerOff(): Promise<void> {
    await this.#bug("").click();
    await this.#bug('[aria-pressed="false"]').waitFor();
  }

  /** Clicks into the gutter at a line, counted from 1, until there is a breakpoint (or none any more). */
  async setBreakpoint(cell: number, line: number, wanted: boolean): Promise<void> {
    const gutter = this.#cell(cell).locator(".cm-gutter.cm-breakpoint-gutter");
    await gutter.waitFor();
    const mark = gutter.locator(".cm-gutterElement").nth(line); // the first is a hidden spacer
    await mark.click();
    await waitFor(
      wanted ? "breakpoint in the gutter" : "end of the breakpoint",
      async () => ((await mark.locator(".cm-breakpoint-icon").count()) > 0) === wanted,
    );
  }

  async breakpoints(count: number): Promise<void> {
    await waitFor(`list of ${count} breakpoints`, async () => {
      return (await this.#panel.locator(".jp-DebuggerBreakpoint").count()) === count;
    });
  }

  /** Waits until the highlighted line of a cell has this text. */
  async stoppedAt(cell: number, text: string): Promise<void> {
    await waitFor(`stop at "${text}"`, async () => {
      const lines = await this.#cell(cell).locator(HIGHLIGHT).allInnerTexts();
      return lines.length === 1 && lines[0]?.trim() === text;
    });
  }

  /** Names and places of the frames, once there are any. */
  async callStack(): Promise<string[]> {
    const frames = this.#panel.locator(".jp-DebuggerCallstackFrame");
    await frames.first().waitFor();
    return frames.allInnerTexts();
  }

  #variable(name: string): Locator {
    const label = this.page.locator(`.jp-DebuggerVariables-name:text-is("${name}")`);
    return this.#panel.locator(".jp-DebuggerVariables jp-tree-item", { has: label }).last(); // the innermost
  }

  /** Waits for a variable of the topmost frame and a part of its value; they come after the frames. */
  async variable(name: string, part: string): Promise<void> {
    await waitFor(`${name} with ${part}`, async () => (await this.#variable(name).innerText()).includes(part));
  }

  /** Shows what is inside of a variable. */
  async expand(name: string): Promise<void> {
    await this.#variable(name).locator(".expand-collapse-button, .jp-DebuggerVariables-name").first().click();
  }

  async step(): Promise<void> {
    await this.page.keyboard.press("F10");
  }

  async continue(): Promise<void> {
    await this.#panel.locator('jp-button[data-command="debugger:continue"][aria-label^="Continue"]').click();
  }
}
