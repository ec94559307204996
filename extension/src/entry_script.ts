/** Finds the functions of an entry script in its text. */

/** Lines, from 0, of top-level `def run(mini_batch...)`; a run() without a parameter is none of ours. */
export function runFunctions(text: string): number[] {
  const lines: number[] = [];
  text.split("\n").forEach((line, number) => {
    if (/^(async\s+)?def\s+run\s*\(\s*[A-Za-z_]/.test(line)) lines.push(number);
  });
  return lines;
}

/** Whether a YAML or JSON text reads like a step file. */
export function looksLikeStep(text: string): boolean {
  return /\bentry_script\b/.test(text);
}
