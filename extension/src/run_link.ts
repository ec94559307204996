/** The links of `run.attach()`: vscode://batchscope.batchscope/attach?run=FOLDER */

/** @returns the run's folder or id; nothing when the link is none to attach by */
export function runOfLink(path: string, query: string): string | undefined {
  if (path !== "/attach") return undefined;
  const run = new URLSearchParams(query.replace(/\+/g, "%2B")).get("run");
  return run ? run : undefined;
}
