import { identity, type Transformation, type Transformer } from '@navarch/storage';
import { Counter, Histogram, type Registry } from 'prom-client';
import { statusName } from './status-name';
import { resourceOfKey } from './transformers';

/** As upstream: from five microseconds, as ciphers take, to minutes. */
const BUCKETS = Array.from({ length: 25 }, (_, power) => 5e-6 * 2 ** power);

/** The prefix that upstream's values begin with: that of the provider, with the plug-in's name where it is a KMS. */
function prefixOf(type: Transformation['type'], transformer: Transformer | undefined): string {
  if (transformer === undefined) return 'unknown';
  if (transformer === identity) return type === 'to_storage' ? '' : 'identity';
  const [kind = '', version = '', name = ''] = transformer.name.split(':');
  return `k8s:enc:${kind}:${version}:${kind === 'kms' ? `${name}:` : ''}`;
}

/** What was sealed for the store and opened from it, by upstream's names. Unlike upstream, which counts a cipher's key once more, each value is counted once. */
export class TransformationMetrics {
  private readonly durations: Histogram;
  private readonly operations: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.durations = new Histogram({
      name: 'apiserver_storage_transformation_duration_seconds',
      help: 'How long it took to seal and open values.',
      labelNames: ['transformation_type', 'transformer_prefix'],
      buckets: BUCKETS,
      registers,
    });
    this.operations = new Counter({
      name: 'apiserver_storage_transformation_operations_total',
      help: 'Values sealed and opened, by how that ended.',
      labelNames: ['resource', 'status', 'transformation_type', 'transformer_prefix'],
      registers,
    });
  }

  readonly note = ({ type, key, transformer, seconds, error }: Transformation): void => {
    const labels = { transformation_type: type, transformer_prefix: prefixOf(type, transformer) };
    const { group, resource } = resourceOfKey(key);
    this.operations.inc({ resource: group === '' ? resource : `${resource}.${group}`, status: error ? statusName(error) : 'OK', ...labels });
    if (!error) this.durations.observe(labels, seconds);
  };
}
