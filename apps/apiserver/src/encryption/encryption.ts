import type { Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { kmsv2 } from '@navarch/proto';
import { connect } from '@navarch/rpc';
import { SealedStore, type Store, type Transformer, type TransformersOf } from '@navarch/storage';
import type { Registry as MetricsRegistry } from 'prom-client';
import { parseEncryptionConfig, type ProviderConfig, type ResourceEncryption } from './encryption-config';
import { KmsMetrics } from './kms-metrics';
import { KmsTransformer } from './kms-transformer';
import { TransformationMetrics } from './transformation-metrics';
import { transformersBy } from './transformers';

export interface EncryptionDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  /** Tells servers of one cluster apart in metrics. */
  readonly serverIdHash: string;
}

/** As upstream: what is under way with a plug-in that is no longer named may end. */
const CLOSE_AFTER_MS = 10_000;

type KmsConfig = ProviderConfig & { kind: 'kms' };

/** Encryption at rest, put before a store: what seals and opens its values may change while it runs. Starts and stops the plug-ins that this needs. */
export class Encryption implements Component {
  readonly name = 'encryption';
  readonly store: Store;
  private readonly kms: KmsMetrics;
  private plugins = new Map<string, KmsTransformer>();
  private transformersOf: TransformersOf;

  constructor(config: readonly ResourceEncryption[], private readonly deps: EncryptionDeps) {
    const { store, clock, log, metrics, serverIdHash } = deps;
    this.kms = new KmsMetrics(serverIdHash, metrics);
    this.transformersOf = transformersBy(config, (of) => this.pluginFor(of, this.plugins));
    this.store = new SealedStore({ store, transformersOf: (key) => this.transformersOf(key), log, clock, onTransformed: new TransformationMetrics(metrics).note });
  }

  /** The plug-ins in use, in the order in which they are named. */
  get providers(): readonly KmsTransformer[] {
    return [...this.plugins.values()];
  }

  async start(): Promise<void> {
    await Promise.all(this.providers.map((plugin) => plugin.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.providers.map((plugin) => plugin.stop()));
  }

  /** From now on values are sealed and opened as this text says. @throws for what is no configuration, or a plug-in that does not answer: then all stays as it was */
  async use(text: string): Promise<void> {
    const next = new Map<string, KmsTransformer>();
    const transformersOf = transformersBy(parseEncryptionConfig(text), (of) => this.pluginFor(of, next));
    const added = [...next].filter(([name]) => !this.plugins.has(name)).map(([, plugin]) => plugin);
    try {
      for (const plugin of added) {
        await plugin.start();
        plugin.check();
      }
    } catch (error) {
      await Promise.all(added.map((plugin) => plugin.stop()));
      throw error;
    }
    const gone = [...this.plugins].filter(([name]) => !next.has(name)).map(([, plugin]) => plugin);
    this.plugins = next;
    this.transformersOf = transformersOf;
    for (const plugin of gone) this.deps.clock.setTimeout(() => void plugin.stop(), CLOSE_AFTER_MS);
  }

  /** The plug-in of a provider: the one in use, if it is named in the same way. */
  private pluginFor({ name, endpoint, timeoutMs }: KmsConfig, into: Map<string, KmsTransformer>): Transformer {
    const { clock, log } = this.deps;
    const key = JSON.stringify([name, endpoint, timeoutMs]);
    let plugin = into.get(key) ?? this.plugins.get(key);
    if (!plugin) {
      const channel = connect({ address: endpoint, defaultTimeoutMs: timeoutMs });
      plugin = new KmsTransformer(name, { kms: channel.client(kmsv2.KeyManagementServiceService), clock, log, observer: this.kms, close: () => channel.close() });
    }
    into.set(key, plugin);
    return plugin;
  }
}
