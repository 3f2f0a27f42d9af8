/** A mapping of a configuration file that is read field by field: what is not asked for is an error, and errors name the field. */
export class Fields {
  private constructor(readonly path: string, private readonly values: Readonly<Record<string, unknown>>) {}

  /** @throws for what is no mapping */
  static of(path: string, value: unknown): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${path === '' ? 'the file' : path}: must be a mapping`);
    return new Fields(path, value as Record<string, unknown>);
  }

  /** @throws for any field but these */
  only(...names: readonly string[]): void {
    const unknown = Object.keys(this.values).find((name) => !names.includes(name));
    if (unknown !== undefined) throw new Error(`strict decoding error: unknown field "${this.#at(unknown)}"`);
  }

  /** All of it, as it was read. */
  get raw(): Readonly<Record<string, unknown>> {
    return this.values;
  }

  /** @throws for what is there and is no whole number above 0 */
  count(name: string, otherwise?: number): number {
    const value = this.values[name] ?? otherwise;
    if (value === undefined) throw new Error(`${this.#at(name)}: Required value`);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0) throw new Error(`${this.#at(name)}: Invalid value: ${JSON.stringify(value)}: must be positive`);
    return value;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.values, name);
  }

  /** A text that is not empty. */
  text(name: string): string {
    const value = this.values[name];
    if (value === undefined || value === null || value === '') throw new Error(`${this.#at(name)}: Required value`);
    if (typeof value !== 'string') throw new Error(`${this.#at(name)}: must be a string`);
    return value;
  }

  /** A text that may be empty; undefined where there is none. */
  optionalText(name: string): string | undefined {
    const value = this.values[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw new Error(`${this.#at(name)}: must be a string`);
    return value;
  }

  /** @throws for what is there and is not true or false */
  boolean(name: string, otherwise: boolean): boolean {
    const value = this.values[name] ?? otherwise;
    if (typeof value !== 'boolean') throw new Error(`${this.#at(name)}: must be true or false`);
    return value;
  }

  /** A list of mappings, which may be empty or absent. */
  optionalList(name: string): Fields[] {
    return this.#isEmpty(name) ? [] : this.list(name);
  }

  /** A list of texts, which may be empty or absent. */
  optionalTexts(name: string): string[] {
    return this.#isEmpty(name) ? [] : this.texts(name);
  }

  /** A mapping; absent contents count as an empty one. */
  object(name: string): Fields {
    return Fields.of(this.#at(name), this.values[name] ?? {});
  }

  /** A list of at least one mapping. */
  list(name: string): Fields[] {
    return this.#items(name).map((item, index) => Fields.of(`${this.#at(name)}[${index}]`, item));
  }

  /** A list of at least one text. */
  texts(name: string): string[] {
    return this.#items(name).map((item, index) => {
      if (typeof item !== 'string' || item === '') throw new Error(`${this.#at(name)}[${index}]: must be a string that is not empty`);
      return item;
    });
  }

  /** An error about this, or about a field of it. */
  wrong(message: string, name?: string): Error {
    return new Error(`${name === undefined ? this.path : this.#at(name)}: Invalid value: ${message}`);
  }

  #isEmpty(name: string): boolean {
    const value = this.values[name];
    return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
  }

  #items(name: string): unknown[] {
    const value = this.values[name];
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) throw new Error(`${this.#at(name)}: Required value: at least one is needed`);
    if (!Array.isArray(value)) throw new Error(`${this.#at(name)}: must be a list`);
    return value;
  }

  #at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}
