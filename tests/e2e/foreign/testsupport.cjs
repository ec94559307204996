// The client with which authors of VS Code's debuggers test them. Prints as JSON what it saw of a run.
"use strict";

const assert = require("node:assert/strict");
const { writeFileSync } = require("node:fs");
const { DebugClient } = require("@vscode/debugadapter-testsupport");

const { ADAPTER, RUNS, SCRIPT, GATE } = process.env;
const lines = JSON.parse(process.env.LINES);

const place = (frame) => [frame.name, frame.line];

/** The frames of the thread that stops next, for this reason. */
async function stopped(client, reason) {
  const { body } = await client.waitForEvent("stopped");
  assert.equal(body.reason, reason);
  assert.equal(body.allThreadsStopped, false);
  const stack = await client.stackTraceRequest({ threadId: body.threadId });
  return { threadId: body.threadId, frames: stack.body.stackFrames };
}

/** The value of a local variable. */
async function local(client, frame, name) {
  const scopes = await client.scopesRequest({ frameId: frame.id });
  const { variablesReference } = scopes.body.scopes.find((scope) => scope.name === "Locals");
  const found = await client.variablesRequest({ variablesReference });
  return found.body.variables.find((variable) => variable.name === name).value;
}

/** Does something, and says where the thread stops then; an event that comes before the answer is not missed. */
async function until(client, reason, act) {
  const [there] = await Promise.all([stopped(client, reason), act()]);
  return there;
}

async function main() {
  const source = { path: SCRIPT };
  const client = new DebugClient(ADAPTER, `--home=${RUNS}`, "batchscope", { cwd: process.cwd() }, true);
  client.defaultTimeout = 1000 * Number(process.env.SECONDS);
  await client.start();
  const first = await until(client, "breakpoint", () =>
    Promise.all([
      client.initializeRequest().then(() => client.attachRequest({ run: "latest" })),
      client.waitForEvent("initialized").then(async () => {
        const set = await client.setBreakpointsRequest({ source, breakpoints: [{ line: lines.round }] });
        assert.deepEqual(set.body.breakpoints.map((each) => each.verified), [true]);
        await client.configurationDoneRequest();
      }),
    ]),
  );
  const { threadId } = first;
  const threads = await client.threadsRequest();
  const names = threads.body.threads.map((thread) => thread.name.replace(/^w\d+/, "w"));
  assert.deepEqual(names, ["w - batch 0 - attempt 1"]);
  const number = await local(client, first.frames[0], "number");

  const step = await until(client, "step", () => client.nextRequest({ threadId }));

  await client.setBreakpointsRequest({ source, breakpoints: [{ line: lines.double }] });
  writeFileSync(GATE, "");
  const second = await until(client, "breakpoint", () => client.continueRequest({ threadId }));
  const value = await local(client, second.frames[0], "value");
  await client.setBreakpointsRequest({ source, breakpoints: [] });
  await client.continueRequest({ threadId });
  await client.stop(); // says disconnect too
  const places = { first: place(first.frames[0]), step: place(step.frames[0]), second: second.frames.map(place) };
  console.log(JSON.stringify({ ...places, number, value }));
}

main().catch((problem) => {
  console.error(problem);
  process.exit(1);
});
