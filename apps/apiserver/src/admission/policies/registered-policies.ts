import type { KubeObject, ResourceType } from '@navarch/api';
import { compareStrings } from '@navarch/apimachinery';
import type { ObjectReader } from '../../pipeline';

interface BindingObject extends KubeObject {
  spec?: { policyName?: string };
}

/** A policy, compiled, with what binds it; bindings in the order of their names. */
export interface RegisteredPolicy<C, B> {
  readonly name: string;
  readonly compiled: C;
  readonly bindings: readonly B[];
}

/** All policies of one kind that are bound, made ready when the first write after a change comes. */
export class RegisteredPolicies<P extends KubeObject, B extends BindingObject, C> {
  private known: readonly RegisteredPolicy<C, B>[] | undefined;

  constructor(
    private readonly reader: ObjectReader,
    private readonly types: { readonly policies: ResourceType<P>; readonly bindings: ResourceType<B> },
    private readonly compile: (policy: P) => C,
  ) {
    reader.onChange(types.policies, () => (this.known = undefined));
    reader.onChange(types.bindings, () => (this.known = undefined));
  }

  all(): readonly RegisteredPolicy<C, B>[] {
    this.known ??= this.load();
    return this.known;
  }

  private load(): readonly RegisteredPolicy<C, B>[] {
    const bindings = sorted(this.reader.list(this.types.bindings));
    return sorted(this.reader.list(this.types.policies)).flatMap((policy) => {
      const name = policy.metadata.name ?? '';
      const own = bindings.filter(({ spec }) => spec?.policyName === name);
      return own.length === 0 ? [] : [{ name, compiled: this.compile(policy), bindings: own }];
    });
  }
}

const sorted = <T extends KubeObject>(objects: readonly T[]): T[] => [...objects].sort((a, b) => compareStrings(a.metadata.name ?? '', b.metadata.name ?? ''));
