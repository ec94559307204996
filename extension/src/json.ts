/** Reads JSON of programs into values with types; what has the wrong type is named by its path. */

export class JsonError extends Error {}

/** A JSON value together with the path it was found at. */
export class Json {
  private constructor(
    private readonly value: unknown,
    private readonly path: string,
  ) {}

  /** @param what the words for the whole text in errors, for example "batchscope list" */
  static parse(text: string, what: string): Json {
    try {
      return new Json(JSON.parse(text), what);
    } catch (problem) {
      throw new JsonError(`${what}: no JSON: ${problem instanceof Error ? problem.message : String(problem)}`);
    }
  }

  get isNull(): boolean {
    return this.value === null || this.value === undefined;
  }

  /** The member; null when it is not there. */
  at(name: string): Json {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.wrong("an object");
    return new Json((value as Record<string, unknown>)[name] ?? null, `${this.path}.${name}`);
  }

  list(): Json[] {
    if (!Array.isArray(this.value)) throw this.wrong("a list");
    return this.value.map((each: unknown, index) => new Json(each, `${this.path}[${index}]`));
  }

  text(): string {
    if (typeof this.value !== "string") throw this.wrong("a text");
    return this.value;
  }

  number(): number {
    if (typeof this.value !== "number") throw this.wrong("a number");
    return this.value;
  }

  flag(): boolean {
    if (typeof this.value !== "boolean") throw this.wrong("true or false");
    return this.value;
  }

  /** What `read` makes of it, or nothing when it is null. */
  maybe<T>(read: (json: Json) => T): T | undefined {
    return this.isNull ? undefined : read(this);
  }

  private wrong(expected: string): JsonError {
    const found = Array.isArray(this.value) ? "a list" : this.value === null ? "null" : typeof this.value;
    return new JsonError(`${this.path}: found ${found}, expected ${expected}`);
  }
}
