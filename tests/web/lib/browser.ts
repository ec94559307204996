/** Chromium without a window, driven by Playwright. */

import { rmSync } from "node:fs";
import { join } from "node:path";

import { type BrowserContext, type Page, chromium } from "playwright-core";

import { resultsFolder, temporaryFolder } from "./places.ts";
import { GENEROUS_MILLISECONDS } from "./waiting.ts";

const CHROMIUM = process.env["BATCHSCOPE_CHROMIUM"] ?? "/usr/bin/chromium";
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** One page in a browser profile of its own. */
export class Browser {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #profile: string;
  readonly #results: string;
  readonly #console: string[] = [];

  private constructor(context: BrowserContext, page: Page, profile: string, results: string) {
    this.#context = context;
    this.page = page;
    this.#profile = profile;
    this.#results = results;
    page.setDefaultTimeout(GENEROUS_MILLISECONDS);
    page.on("console", (message) => this.#console.push(`${message.type()}: ${message.text()}`));
  }

  /** @param name of the folder in build/web that gets the screenshots */
  static async open(name: string): Promise<Browser> {
    const profile = temporaryFolder("chromium");
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      headless: true,
      viewport: { width: 1440, height: 900 },
      args: QUIET,
      timeout: GENEROUS_MILLISECONDS,
    });
    const page = context.pages()[0] ?? (await context.newPage());
    return new Browser(context, page, profile, resultsFolder(name));
  }

  /** Saves build/web/<name of the browser>/<name>.png. */
  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(this.#results, `${name}.png`) });
  }

  /** The last lines that the page wrote to its console. */
  consoleTail(count = 20): string {
    return this.#console.slice(-count).join("\n");
  }

  async close(): Promise<void> {
    await this.#context.close();
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
