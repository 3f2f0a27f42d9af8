import type { AdmissionAttributes, AdmissionChain, AdmissionPlugin, MutationPass, WriteSort } from './admission';
import { type AdmissionObserver, AdmissionPhase } from './admission-phase';

/** Those of all plug-ins that writes of one sort concern. */
interface SortChain {
  readonly sort: WriteSort;
  readonly mutating: AdmissionPhase;
  readonly validating: AdmissionPhase;
  readonly undoing: readonly AdmissionPlugin[];
}

/** Built-in resources come to some hundred sorts; custom ones come and go. */
const mostSorts = 5000;

class FirstPass implements MutationPass {
  readonly again = false;
  wantsAnother = false;

  requestAnother(): void {
    this.wantsAnother = true;
  }
}

const secondPass: MutationPass = { again: true, requestAnother: () => undefined };

/** Runs plug-ins in their order: all that mutate, twice if one asks for it, then all that validate. */
export class PluginChain implements AdmissionChain {
  private plugins: readonly AdmissionPlugin[] = [];
  private observer: AdmissionObserver | undefined;
  /** By resource. */
  private readonly chains = new Map<string, SortChain[]>();
  private sorts = 0;

  /** Plug-ins look things up in the registry, which admits through this chain: so they come after it. */
  install(plugins: readonly AdmissionPlugin[], observer?: AdmissionObserver): void {
    this.plugins = plugins;
    this.observer = observer;
    this.forget();
  }

  async mutate(attributes: AdmissionAttributes): Promise<void> {
    const { mutating } = this.chainOf(attributes);
    const first = new FirstPass();
    await mutating.run(attributes, first);
    if (first.wantsAnother) await mutating.run(attributes, secondPass);
  }

  validate(attributes: AdmissionAttributes): Promise<void> {
    return this.chainOf(attributes).validating.run(attributes);
  }

  undo(attributes: AdmissionAttributes): void {
    for (const plugin of this.chainOf(attributes).undoing) if (plugin.applies?.(attributes) !== false) plugin.undo?.(attributes);
  }

  private chainOf(asked: WriteSort): SortChain {
    const known = this.chains.get(asked.resource)?.find(({ sort }) => isSame(sort, asked));
    if (known) return known;
    if (this.sorts >= mostSorts) this.forget();
    const chain = this.compile(asked);
    this.chains.set(asked.resource, [...(this.chains.get(asked.resource) ?? []), chain]);
    this.sorts++;
    return chain;
  }

  private forget(): void {
    this.chains.clear();
    this.sorts = 0;
  }

  private compile({ operation, group, resource, subresource, namespaced }: WriteSort): SortChain {
    const sort = { operation, group, resource, subresource, namespaced };
    const concerned = this.plugins.filter((plugin) => plugin.handles(sort));
    const having = (step: 'mutate' | 'undo' | 'validate'): AdmissionPlugin[] => concerned.filter((plugin) => step in plugin);
    return {
      sort,
      mutating: new AdmissionPhase('admit', having('mutate'), operation, this.observer),
      validating: new AdmissionPhase('validate', having('validate'), operation, this.observer),
      undoing: having('undo'),
    };
  }
}

const isSame = (a: WriteSort, b: WriteSort): boolean =>
  a.operation === b.operation && a.group === b.group && a.resource === b.resource && a.subresource === b.subresource && a.namespaced === b.namespaced;
