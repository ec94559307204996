import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";

import { type Places, ProgramError, candidates, findProgram, isOlder } from "../src/programs";

const NOWHERE: Places = { setting: "", interpreter: undefined, workspaceFolders: [], path: "" };
let folder = "";

before(() => {
  folder = mkdtempSync(join(tmpdir(), "programs-"));
});
after(() => rmSync(folder, { recursive: true }));

/** A program that prints a line and ends with an exit code. */
function program(path: string, prints: string, code = 0): string {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, `#!/bin/sh\necho '${prints}'\nexit ${code}\n`);
  chmodSync(whole, 0o755);
  return whole;
}

test("TheInterpretersFolderComesBeforeTheWorkspaceAndThePath", () => {
  const interpreter = "/env/bin/python";
  const places = { ...NOWHERE, interpreter, workspaceFolders: ["/project"], path: "/bin::/env/bin" };
  assert.deepEqual(candidates(places, "batchscope-dap"), [
    "/env/bin/batchscope-dap",
    "/env/bin/python/bin/batchscope-dap",
    "/project/.venv/bin/batchscope-dap",
    "/project/venv/bin/batchscope-dap",
    "/project/env/bin/batchscope-dap",
    "/bin/batchscope-dap",
  ]);
});

test("ASettingIsTheOnlyPlaceAndLeadsToTheProgramBesideToo", () => {
  const places = { ...NOWHERE, setting: "/opt/batchscope-dap", path: "/bin" };
  assert.deepEqual(candidates(places, "batchscope-dap"), ["/opt/batchscope-dap"]);
  assert.deepEqual(candidates(places, "batchscope"), ["/opt/batchscope"]);
});

test("TheFirstProgramThatRunsIsTaken", async () => {
  const broken = dirname(program("broken/batchscope", "oh no", 3));
  const good = program("good/batchscope", "batchscope 0.1.0");
  assert.equal(await findProgram({ ...NOWHERE, path: `${broken}:${dirname(good)}` }, "batchscope"), good);
});

test("WhatIsWrongWithAProgramIsSaid", async () => {
  const find = (path: string): Promise<string> => findProgram({ ...NOWHERE, path: dirname(path) }, "batchscope");
  await assert.rejects(find(program("old/batchscope", "batchscope 0.0.9")), /is version 0\.0\.9; 0\.1\.0 or newer/);
  await assert.rejects(find(program("mute/batchscope", "hello")), /printed no version: "hello/);
  await assert.rejects(find(program("bad/batchscope", "", 3)), /bad\/batchscope does not run/);
  await assert.rejects(findProgram(NOWHERE, "batchscope"), /was found neither beside the chosen Python interpreter/);
});

test("AWrongSettingIsNamedAndNotPassedOver", async () => {
  const good = program("beside/batchscope-dap", "batchscope-dap 0.1.0");
  const places = { ...NOWHERE, setting: "/nowhere/batchscope-dap", path: dirname(good) };
  await assert.rejects(
    findProgram(places, "batchscope-dap"),
    (problem) => problem instanceof ProgramError && problem.isSetting && problem.message.includes("/nowhere/"),
  );
});

test("VersionsAreComparedByTheirNumbers", () => {
  const pairs: [string, string][] = [
    ["0.1.0", "0.1.0"],
    ["0.0.9", "0.1.0"],
    ["0.10.0", "0.9.0"],
    ["1.0.0", "0.9.9"],
  ];
  assert.deepEqual(pairs.map(([version, than]) => isOlder(version, than)), [false, true, false, false]);
});
