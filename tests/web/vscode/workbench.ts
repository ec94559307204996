/** What a person does in VS Code's window, and sees there. */

import { type Locator, type Page } from "playwright-core";

import { waitFor } from "../lib/waiting.ts";

const QUICK_INPUT = ".quick-input-widget:visible";
/** One try of something that VS Code may swallow while it is busy, before the next. */
const TRY_MILLISECONDS = 5000;

export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the window, until our extension is there. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator(".explorer-folders-view .monaco-list-row").first().waitFor();
    await this.page.locator('.activitybar .action-item a[aria-label^="Batchscope"]').waitFor();
  }

  /** Runs a command by its title, as it stands in the palette. */
  async command(title: string): Promise<void> {
    const input = this.page.locator(`${QUICK_INPUT} input`).first();
    const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first();
    await this.#again(async () => {
      await this.page.keyboard.press("Escape");
      await this.page.keyboard.press("F1");
      await input.waitFor({ timeout: TRY_MILLISECONDS });
      await input.fill(`>${title}`);
      await row.click({ timeout: TRY_MILLISECONDS });
    });
  }

  /**
   * Presses a key until VS Code asks the adapter for what it stands for, and so once at most: now and then it does not
   * take F5 and its like.
   *
   * @param requests how many requests of the kind the adapter got so far
   */
  async press(key: string, requests: () => number): Promise<void> {
    const before = requests();
    await this.#again(async () => {
      if (requests() > before) return;
      await this.page.keyboard.press(key);
      await waitFor(`request for ${key}`, () => requests() > before, TRY_MILLISECONDS);
    });
  }

  /** Answers what VS Code asks for at the top of its window. */
  async typeInQuickInput(text: string): Promise<void> {
    const input = this.page.locator(`${QUICK_INPUT} input`).first();
    await input.waitFor();
    await this.#again(async () => {
      await input.fill(text);
      await this.page.keyboard.press("Enter"); // not taken while a list is being made for what was typed
      await input.waitFor({ state: "hidden", timeout: TRY_MILLISECONDS });
    });
  }

  /** Shows the side bar of an icon at the left, "Explorer", "Run and Debug", "Batchscope". */
  async sideBar(name: string): Promise<void> {
    const icon = this.page.locator(`.activitybar .action-item a[aria-label^="${name}"]`);
    const title = this.page.locator(".part.sidebar .composite.title h2", { hasText: new RegExp(name, "i") });
    await this.#again(async () => {
      if (await title.isVisible()) return; // a click would hide it
      await icon.click({ timeout: TRY_MILLISECONDS, force: true }); // its badge lies above it
      await title.waitFor({ timeout: TRY_MILLISECONDS });
    });
  }

  /** @param path below the opened folder */
  async openFile(path: string): Promise<void> {
    const [name = "", ...folders] = path.split("/").reverse();
    const tab = this.page.locator(".tab.active", { hasText: name });
    await this.sideBar("Explorer");
    for (const folder of folders.reverse()) await this.expand(".explorer-folders-view", folder);
    await this.#again(async () => {
      const row = this.page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).first();
      await row.dblclick({ timeout: TRY_MILLISECONDS });
      await tab.waitFor({ timeout: TRY_MILLISECONDS });
    });
  }

  // ---- The editor

  #lineNumber(line: number): Locator {
    const numbers = this.page.locator(".editor-instance .margin-view-overlays .line-numbers");
    return numbers.filter({ hasText: new RegExp(`^${line}$`) });
  }

  /** Where breakpoints are, left of a line's number. */
  async #gutterOf(line: number): Promise<{ x: number; y: number }> {
    const number = this.#lineNumber(line);
    await number.waitFor();
    const box = await number.boundingBox();
    if (!box) throw new Error(`line ${line} is not in sight`);
    return { x: box.x - 14, y: box.y + box.height / 2 };
  }

  /** Clicks in the gutter until there is one breakpoint more. */
  async setBreakpoint(line: number): Promise<void> {
    const before = await this.breakpointsInGutter();
    await this.#again(async () => {
      const { x, y } = await this.#gutterOf(line);
      await this.page.mouse.click(x, y);
      await waitFor("new breakpoint", async () => (await this.breakpointsInGutter()) > before, TRY_MILLISECONDS);
    });
  }

  /** Clicks in the gutter until there is one breakpoint less. */
  async removeBreakpoint(line: number): Promise<void> {
    const before = await this.breakpointsInGutter();
    await this.#again(async () => {
      const { x, y } = await this.#gutterOf(line);
      await this.page.mouse.click(x, y);
      await waitFor("one breakpoint less", async () => (await this.breakpointsInGutter()) < before, TRY_MILLISECONDS);
    });
  }

  /** Also those that a stopped worker stands on. */
  breakpointsInGutter(): Promise<number> {
    return this.page.locator('.editor-instance .cgmr[class*="codicon-debug-breakpoint"]').count();
  }

  /** Sets the condition of a new breakpoint through the menu of the gutter. */
  async setCondition(line: number, condition: string): Promise<void> {
    const widget = this.page.locator(".breakpoint-widget .monaco-editor");
    const entry = this.page.locator(".monaco-menu .action-label", { hasText: "Add Conditional Breakpoint" }).first();
    await this.#again(async () => {
      if ((await widget.count()) > 0) return; // the last try was only slow
      await this.page.keyboard.press("Escape");
      const { x, y } = await this.#gutterOf(line);
      await this.page.mouse.click(x, y, { button: "right" });
      await waitFor(
        "input of the condition",
        async () => {
          if ((await widget.count()) > 0) return true;
          await entry.click({ timeout: TRY_MILLISECONDS / 5 }); // not taken at once after the menu has opened
          return false;
        },
        TRY_MILLISECONDS,
      );
    });
    await widget.click();
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.insertText(condition);
    await this.page.keyboard.press("Enter");
    await widget.waitFor({ state: "detached" });
  }

  codeLenses(): Promise<string[]> {
    return this.page.locator(".codelens-decoration a").allInnerTexts();
  }

  async clickCodeLens(text: string): Promise<void> {
    await this.page.locator(".codelens-decoration a", { hasText: text }).first().click();
  }

  // ---- What is seen

  statusBar(): Promise<string[]> {
    return this.page.locator(".statusbar-item .statusbar-item-label").evaluateAll((items) =>
      items.map((item) => item.getAttribute("aria-label") ?? item.textContent ?? ""),
    );
  }

  /** The labels that a screen reader reads of a list's rows. */
  rows(list: string): Promise<string[]> {
    return this.page
      .locator(`${list} .monaco-list-row`)
      .evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label") ?? row.textContent ?? ""));
  }

  callStack(): Promise<string[]> {
    return this.rows(".debug-call-stack");
  }

  variables(): Promise<string[]> {
    return this.rows(".debug-variables");
  }

  /** The rows of our view. */
  async runs(): Promise<string[]> {
    const rows = this.page.locator('.pane-body [aria-label="Runs"] .monaco-list-row, .pane-body .monaco-list-row');
    return rows.evaluateAll((each) => each.map((row) => row.getAttribute("aria-label") ?? row.textContent ?? ""));
  }

  notifications(): Promise<string[]> {
    return this.page.locator(".notification-list-item-message").allInnerTexts();
  }

  async expand(list: string, text: string | RegExp): Promise<void> {
    const row = this.page.locator(`${list} .monaco-list-row`, { hasText: text }).first();
    await this.#again(async () => {
      if ((await row.getAttribute("aria-expanded", { timeout: TRY_MILLISECONDS })) === "true") return;
      await row.locator(".monaco-tl-twistie").click({ timeout: TRY_MILLISECONDS });
      await waitFor("open row", async () => (await row.getAttribute("aria-expanded")) === "true", TRY_MILLISECONDS);
    });
  }

  /** Types an expression into the debug console. */
  async evaluate(expression: string): Promise<void> {
    await this.page.locator(".repl-input-wrapper .monaco-editor").click();
    await this.page.keyboard.insertText(expression);
    await this.page.keyboard.press("Enter");
  }

  async console(): Promise<string> {
    return (await this.page.locator(".repl .monaco-list-rows").allInnerTexts()).join("\n");
  }

  async #again(act: () => Promise<void>): Promise<void> {
    let last: unknown;
    for (let tries = 0; tries < 8; ++tries) {
      try {
        return await act();
      } catch (problem) {
        last = problem;
      }
    }
    throw last;
  }
}
