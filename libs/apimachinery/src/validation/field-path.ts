/**
 * Names a field in messages: `spec.containers[0].name`, `metadata.labels[key]`. Immutable and cheap to build:
 * the text is made only when an error is.
 */
export class FieldPath {
  private constructor(private readonly parent: FieldPath | undefined, private readonly step: string) {}

  /** A path of names from the top; none gives the empty path. */
  static of(...names: string[]): FieldPath {
    const [first = '', ...rest] = names;
    return rest.reduce((path, name) => path.child(name), new FieldPath(undefined, first));
  }

  child(...names: string[]): FieldPath {
    return names.reduce<FieldPath>((path, name) => new FieldPath(path, name), this);
  }

  /** An element of a list. */
  index(position: number): FieldPath {
    return new FieldPath(this, `[${position}]`);
  }

  /** An entry of a map. */
  key(key: string): FieldPath {
    return new FieldPath(this, `[${key}]`);
  }

  toString(): string {
    const above = this.parent?.toString() ?? '';
    // A step in brackets was made by index or key.
    return above === '' || this.step.startsWith('[') ? above + this.step : `${above}.${this.step}`;
  }
}
