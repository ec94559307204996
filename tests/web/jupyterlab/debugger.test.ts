import assert from "node:assert/strict";
import { test } from "node:test";

import { Browser } from "../lib/browser.ts";
import { resultsFolder } from "../lib/places.ts";
import { Lab } from "./lab.ts";
import { JupyterServer } from "./server.ts";

const SCRIPT = `%%writefile entry.py
import os


def run(mini_batch):
    names = list(map(os.path.basename, mini_batch))
    count = len(names)
    return names
`;
const FILES = `import pathlib
folder = pathlib.Path("inputs")
folder.mkdir()
for number in range(4):
    (folder / f"{number}.txt").write_text(str(number))
`;
const STEP = `import batchscope
config = batchscope.ParallelRunConfig(
    entry_script="entry.py", source_directory=".", mini_batch_size=1, error_threshold=-1, process_count_per_node=2)
step = batchscope.ParallelRunStep("names", config, inputs=["inputs"])
run = step.submit()
run.wait()
print(run.output.read_text())
`;

test("JupyterLab's debugger stops a worker in the cell that wrote the entry script", async () => {
  const server = await JupyterServer.start();
  const browser = await Browser.open("jupyterlab");
  const lab = new Lab(browser.page);
  try {
    await lab.openNotebook(server.url);
    await lab.write(0, SCRIPT);
    await lab.run(0);
    assert.deepEqual(await lab.outputs(0), ["Writing entry.py\n"]);
    await lab.write(1, FILES);
    await lab.run(1);
    await lab.outputs(1);

    await lab.switchDebuggerOn();
    await lab.setBreakpoint(0, 6, true);
    await lab.breakpoints(1);
    await browser.screenshot("1-breakpoint");

    await lab.write(2, STEP);
    await lab.run(2);
    await lab.stoppedAt(0, "names = list(map(os.path.basename, mini_batch))");
    const frames = await lab.callStack();
    assert.match(frames[0] ?? "", /^w[01] - batch \d - attempt 1: run/);
    await lab.variable("mini_batch", "list");
    await lab.expand("mini_batch");
    await lab.variable("0", ".txt");
    assert.ok(await lab.isRunning(2));
    await browser.screenshot("2-stopped");

    await lab.step();
    await lab.stoppedAt(0, "count = len(names)");
    await lab.variable("names", "list");
    await lab.step();
    await lab.stoppedAt(0, "return names");
    await lab.variable("count", "1");
    await browser.screenshot("3-stepped");

    await lab.continue(); // the other worker waits at the breakpoint, or this one comes by again
    await lab.stoppedAt(0, "names = list(map(os.path.basename, mini_batch))");
    await browser.screenshot("4-continued");

    await lab.switchDebuggerOff();
    const outputs = await lab.outputs(2);
    assert.equal(outputs.at(-1)?.trim(), "0.txt\n1.txt\n2.txt\n3.txt");
    assert.match(outputs.join("\n"), /names completed[^]*4 of 4 mini-batches/);
    await browser.screenshot("5-end");
  } catch (problem) {
    await browser.screenshot("failed");
    throw problem;
  } finally {
    await browser.close();
    server.keepLogs(resultsFolder("jupyterlab"));
    await server.stop();
  }
});
