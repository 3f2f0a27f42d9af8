/**
 * Names a field in messages: `spec.containers[0].name`, `metadata.labels[key]`. Immutable and cheap to build:
 * the text is made only when an error is.
 */
export class FieldPath {
  /** A number is a place in a list. */
  private constructor(private readonly parent: FieldPath | undefined, private readonly step: number | string) {}

  /** A path of names from the top; none gives the empty path. */
  static of(...names: string[]): FieldPath {
    const [first = '', ...rest] = names;
    return rest.reduce((path, name) => path.child(name), new FieldPath(undefined, first));
  }

  child(name: string, ...more: string[]): FieldPath {
    let path = new FieldPath(this, name);
    for (const next of more) path = new FieldPath(path, next);
    return path;
  }

  /** An element of a list. */
  index(position: number): FieldPath {
    return new FieldPath(this, position);
  }

  /** An entry of a map. */
  key(key: string): FieldPath {
    return new FieldPath(this, `[${key}]`);
  }

  toString(): string {
    const above = this.parent?.toString() ?? '';
    const step = typeof this.step === 'number' ? `[${this.step}]` : this.step;
    // A step in brackets was made by index or key.
    return above === '' || step.startsWith('[') ? above + step : `${above}.${step}`;
  }
}
