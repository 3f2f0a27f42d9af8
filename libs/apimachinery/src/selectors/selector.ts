import { compareStrings } from '../text/compare-strings';
import { formatRequirement, matchesRequirement, type LabelRequirement, type Labels } from './label-requirement';

/** A compiled label selector. Immutable. */
export class Selector {
  /** Matches every object. */
  static readonly everything = new Selector([], true);
  /** Matches no object: what a missing LabelSelector means. */
  static readonly nothing = new Selector([], false);

  private constructor(readonly requirements: readonly LabelRequirement[], private readonly selectable: boolean) {}

  /** All requirements must hold; none at all means everything. */
  static of(requirements: readonly LabelRequirement[]): Selector {
    if (requirements.length === 0) return Selector.everything;
    return new Selector([...requirements].sort((a, b) => compareStrings(a.key, b.key)), true);
  }

  /** Exactly these labels, as a Service's selector means them; no labels means everything. */
  static fromSet(labels: Labels): Selector {
    return Selector.of(Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] })));
  }

  matches(labels: Labels): boolean {
    return this.selectable && this.requirements.every((requirement) => matchesRequirement(requirement, labels));
  }

  /** Whether it restricts nothing. */
  get empty(): boolean {
    return this.selectable && this.requirements.length === 0;
  }

  /** The one value that this label must have, if there is just one. */
  requiresExactMatch(label: string): string | undefined {
    const found = this.requirements.find(({ key }) => key === label);
    if (!found || !['=', '==', 'in'].includes(found.operator) || found.values.length !== 1) return undefined;
    return found.values[0];
  }

  toString(): string {
    return this.requirements.map(formatRequirement).join(',');
  }
}
