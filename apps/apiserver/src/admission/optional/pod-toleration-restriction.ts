import { qosClassOf, type corev1 } from '@navarch/api';
import { internalError } from '@navarch/apimachinery';
import { isDeepStrictEqual } from 'node:util';
import type { Fields } from '../../config-file/strict-fields';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../../pipeline';
import { covers, mergeTolerations } from './merge-tolerations';
import { namespaceAnnotation } from './namespace-annotation';

type Toleration = corev1.Toleration;

const DEFAULTS = 'scheduler.alpha.kubernetes.io/defaultTolerations';
const WHITELIST = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist';
const memoryPressure: Toleration = { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' };

/** What holds for namespaces that say nothing of their own. */
export interface ClusterTolerations {
  readonly defaults: readonly Toleration[];
  readonly whitelist: readonly Toleration[];
}

export function readClusterTolerations(root: Fields): ClusterTolerations {
  root.only('apiVersion', 'kind', 'default', 'whitelist');
  const read = (name: string): Toleration[] => root.optionalList(name).map((entry) => {
    entry.only('key', 'operator', 'value', 'effect', 'tolerationSeconds');
    return entry.raw;
  });
  return { defaults: read('default'), whitelist: read('whitelist') };
}

/** Pods of a namespace tolerate what the namespace says, and nothing that it does not allow. */
export class PodTolerationRestriction implements AdmissionPlugin {
  readonly name = 'PodTolerationRestriction';

  constructor(
    private readonly reader: ObjectReader,
    private readonly cluster: ClusterTolerations = { defaults: [], whitelist: [] },
  ) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return (operation === 'CREATE' || operation === 'UPDATE') && group === '' && resource === 'pods' && subresource === '';
  }

  async mutate({ operation, namespace, object }: AdmissionAttributes): Promise<void> {
    const { spec } = object as corev1.Pod;
    if (spec === undefined) return;
    const given = spec.tolerations ?? [];
    const defaults = operation === 'CREATE' ? ((await this.annotated(namespace, DEFAULTS)) ?? this.cluster.defaults) : [];
    const merged = mergeTolerations(defaults, given);
    const final = qosClassOf(spec) === 'BestEffort' ? merged : mergeTolerations(merged, [memoryPressure]);
    if (!isDeepStrictEqual(final, given)) spec.tolerations = final;
  }

  async validate({ namespace, object }: AdmissionAttributes): Promise<void> {
    const tolerations = (object as corev1.Pod).spec?.tolerations ?? [];
    if (tolerations.length === 0) return;
    const own = await this.annotated(namespace, WHITELIST);
    const whitelist = own ?? this.cluster.whitelist;
    // Upstream's plain error: a 500, not a 403.
    if (whitelist.length > 0 && !tolerations.every((one) => whitelist.some((allowed) => covers(allowed, one))))
      throw internalError(`pod tolerations (possibly merged with namespace default tolerations) conflict with its ${own === undefined ? 'cluster' : 'namespace'} whitelist`);
  }

  /** Undefined where the namespace says nothing. @throws internalError for what is no list of tolerations */
  private async annotated(namespace: string, key: string): Promise<readonly Toleration[] | undefined> {
    const text = await namespaceAnnotation(this.reader, namespace, key);
    if (text === undefined) return undefined;
    if (text === '') return [];
    try {
      const found = JSON.parse(text) as unknown;
      if (!Array.isArray(found)) throw new Error('it is no list');
      return found as Toleration[];
    } catch (error) {
      throw internalError(`annotation ${key} of namespace ${namespace} is no list of tolerations: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  }
}
