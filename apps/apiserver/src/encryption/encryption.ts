import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import { kmsv2 } from '@navarch/proto';
import { connect } from '@navarch/rpc';
import { SealedStore, type Store } from '@navarch/storage';
import { Counter, type Registry as MetricsRegistry } from 'prom-client';
import type { ResourceEncryption } from './encryption-config';
import { KmsTransformer } from './kms-transformer';
import { transformersBy } from './transformers';

export interface EncryptionDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
}

/** The store with its values sealed, and the plug-ins that this needs, to be started before it is used. */
export interface Encryption {
  readonly store: Store;
  readonly plugins: readonly KmsTransformer[];
}

/** Puts encryption at rest before a store. */
export function encrypted(config: readonly ResourceEncryption[], { store, clock, log, metrics }: EncryptionDeps): Encryption {
  const plugins: KmsTransformer[] = [];
  const transformersOf = transformersBy(config, ({ name, endpoint, timeoutMs }) => {
    const channel = connect({ address: endpoint, defaultTimeoutMs: timeoutMs });
    const plugin = new KmsTransformer(name, { kms: channel.client(kmsv2.KeyManagementServiceService), clock, log, close: () => channel.close() });
    plugins.push(plugin);
    return plugin;
  });
  const operations = new Counter({
    name: 'apiserver_storage_transformation_operations_total',
    help: 'Values sealed for storage and opened from it, by transformer.',
    labelNames: ['transformation_type', 'transformer_prefix', 'status'] as const,
    registers: [metrics],
  });
  return {
    plugins,
    store: new SealedStore({
      store, transformersOf, log, clock,
      onTransformed: (type, prefix, succeeded) => operations.inc({ transformation_type: type, transformer_prefix: prefix, status: succeeded ? 'OK' : 'Internal' }),
    }),
  };
}
