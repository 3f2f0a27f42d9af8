import { Gauge, type Registry } from 'prom-client';
import { FlagError } from '../parse-flags';
import { alwaysDone, type GateFacts, gateTable, type HeededGate } from './gate-table';

/** Heeded by every process. */
const heededByAll: readonly HeededGate[] = ['ComponentFlagz', 'ComponentStatusz'];

/** As Go's strconv.ParseBool reads them. */
const [yes, no] = [['1', 't', 'T', 'TRUE', 'true', 'True'], ['0', 'f', 'F', 'FALSE', 'false', 'False']] as const;
const booleanOf = (text: string): boolean | undefined => ((yes as readonly string[]).includes(text) ? true : (no as readonly string[]).includes(text) ? false : undefined);

/** Which of upstream's feature gates are open: `--feature-gates`, as upstream's component-base/featuregate reads it. */
export class FeatureGates {
  private constructor(
    private readonly said: ReadonlyMap<string, boolean>,
    private readonly heeded: ReadonlySet<string>,
  ) {}

  /** `items`: `Name=true`, with or without the `kube:` of upstream's component before it. `heeds`: which gates the process asks about. @throws FlagError */
  static parse(items: readonly string[], heeds: readonly HeededGate[] = []): FeatureGates {
    const said = new Map<string, boolean>();
    for (const item of items) if (item.trim() !== '') said.set(...gateOf(item));
    return new FeatureGates(said, new Set<string>([...heededByAll, ...heeds]));
  }

  enabled(gate: HeededGate): boolean {
    return this.#holds(gate, factsOf(gate));
  }

  /** Those that were set to what is not done here. */
  withoutEffect(): string[] {
    return [...this.said].filter(([name, value]) => name !== 'AllAlpha' && name !== 'AllBeta' && this.#holds(name, factsOf(name)) !== value).map(([name]) => name).sort();
  }

  /** `kubernetes_feature_enabled`: what is done here, by gate. */
  register(registry: Registry): void {
    const gauge = new Gauge({
      name: 'kubernetes_feature_enabled', help: '[BETA] This metric records the data about the stage and enablement of a k8s feature.', labelNames: ['name', 'stage'], registers: [registry],
    });
    for (const [name, facts] of gateTable) gauge.set({ name, stage: facts.stage }, this.#holds(name, facts) ? 1 : 0);
  }

  #holds(name: string, { stage, default: byDefault }: GateFacts): boolean {
    if (name === 'AllAlpha' || name === 'AllBeta') return this.said.get(name) ?? false;
    const here = byDefault || alwaysDone.has(name);
    if (!this.heeded.has(name)) return here;
    const ofAll = stage === 'ALPHA' ? this.said.get('AllAlpha') : stage === 'BETA' ? this.said.get('AllBeta') : undefined;
    return this.said.get(name) ?? ofAll ?? here;
  }
}

function factsOf(name: string): GateFacts {
  const facts = gateTable.get(name);
  if (facts === undefined) throw new FlagError(`unrecognized feature gate: ${name}`);
  return facts;
}

function gateOf(item: string): [name: string, value: boolean] {
  const bad = (why: string): FlagError => new FlagError(`invalid argument ${JSON.stringify(item)} for "--feature-gates" flag: ${why}`);
  const [, component = 'kube', pair = ''] = /^(?:([^:=]*):)?(.*)$/s.exec(item) ?? [];
  if (component.trim() !== 'kube') throw bad(`component not registered: ${component.trim()}`);
  const at = pair.indexOf('=');
  const name = (at < 0 ? pair : pair.slice(0, at)).trim();
  if (at < 0) throw bad(`missing bool value for ${name}`);
  const text = pair.slice(at + 1).trim();
  const value = booleanOf(text);
  if (value === undefined) throw bad(`invalid value of ${name}=${text}, err: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
  const facts = gateTable.get(name);
  if (facts === undefined) throw bad(`unrecognized feature gate: ${name}`);
  if (facts.locked && facts.default !== value) throw bad(`cannot set feature gate ${name} to ${value}, feature is locked to ${facts.default}`);
  return [name, value];
}
