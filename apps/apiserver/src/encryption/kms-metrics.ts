import { createHash } from 'node:crypto';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type KmsMethod = 'Decrypt' | 'Encrypt' | 'Status';

/** Is told what a KMS plug-in is asked, and which key it answers by. */
export interface KmsObserver {
  asked(provider: string, method: KmsMethod, code: string, seconds: number): void;
  usedKey(provider: string, type: 'from_storage' | 'to_storage', keyId: string, atSeconds: number): void;
  saidKey(provider: string, keyId: string, atSeconds: number): void;
  badKey(provider: string, error: string): void;
  /** A seed was made; so long it took. */
  madeSeed(seconds: number): void;
  /** A value's seed was not at hand: the plug-in is asked. */
  missedSeed(): void;
  /** So many seeds are at hand. */
  keepsSeeds(provider: string, count: number): void;
}

const LATENCY_BUCKETS = Array.from({ length: 20 }, (_, power) => 0.0001 * 2 ** power);
const GENERATION_BUCKETS = Array.from({ length: 14 }, (_, power) => 5e-6 * 2 ** power);

/** KMS plug-ins by upstream's names. Ids of keys are told by their hashes: they may say what is nobody's business. */
export class KmsMetrics implements KmsObserver {
  private readonly operations: Histogram;
  private readonly keys: Counter;
  private readonly lastUsed: Gauge;
  private readonly lastSaid: Gauge;
  private readonly invalid: Counter;
  private readonly generation: Histogram;
  private readonly misses: Counter;
  private readonly seeds: Gauge;

  constructor(private readonly serverIdHash: string, registry: Registry) {
    const registers = [registry];
    const name = (rest: string): string => `apiserver_envelope_encryption_${rest}`;
    this.operations = new Histogram({
      name: name('kms_operations_latency_seconds'),
      help: 'How long a KMS plug-in took to answer.',
      labelNames: ['grpc_status_code', 'method_name', 'provider_name'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.keys = new Counter({
      name: name('key_id_hash_total'),
      help: 'Seeds that were wrapped and unwrapped, by the key of the plug-in.',
      labelNames: ['apiserver_id_hash', 'key_id_hash', 'provider_name', 'transformation_type'],
      registers,
    });
    this.lastUsed = new Gauge({
      name: name('key_id_hash_last_timestamp_seconds'),
      help: 'When that was last.',
      labelNames: ['apiserver_id_hash', 'key_id_hash', 'provider_name', 'transformation_type'],
      registers,
    });
    this.lastSaid = new Gauge({
      name: name('key_id_hash_status_last_timestamp_seconds'),
      help: 'When a plug-in has last said that it uses a key.',
      labelNames: ['apiserver_id_hash', 'key_id_hash', 'provider_name'],
      registers,
    });
    this.invalid = new Counter({ name: name('invalid_key_id_from_status_total'), help: 'Ids of keys that are none.', labelNames: ['error', 'provider_name'], registers });
    this.seeds = new Gauge({ name: name('dek_source_cache_size'), help: 'Seeds at hand: about as many calls a restart will cost.', labelNames: ['provider_name'], registers });
    this.generation = new Histogram({ name: 'apiserver_storage_data_key_generation_duration_seconds', help: 'How long it took to make a seed.', buckets: GENERATION_BUCKETS, registers });
    new Counter({ name: 'apiserver_storage_data_key_generation_failures_total', help: 'Seeds that could not be made; here that ends the process.', registers });
    this.misses = new Counter({ name: 'apiserver_storage_envelope_transformation_cache_misses_total', help: 'Values whose seed was not at hand.', registers });
  }

  asked(provider: string, method: KmsMethod, code: string, seconds: number): void {
    this.operations.observe({ grpc_status_code: code, method_name: `/v2.KeyManagementService/${method}`, provider_name: provider }, seconds);
  }

  usedKey(provider: string, type: 'from_storage' | 'to_storage', keyId: string, atSeconds: number): void {
    const labels = { apiserver_id_hash: this.serverIdHash, key_id_hash: hashed(keyId), provider_name: provider, transformation_type: type };
    this.keys.inc(labels);
    this.lastUsed.set(labels, atSeconds);
  }

  saidKey(provider: string, keyId: string, atSeconds: number): void {
    this.lastSaid.set({ apiserver_id_hash: this.serverIdHash, key_id_hash: hashed(keyId), provider_name: provider }, atSeconds);
  }

  badKey(provider: string, error: string): void {
    this.invalid.inc({ error, provider_name: provider });
  }

  madeSeed(seconds: number): void {
    this.generation.observe(seconds);
  }

  missedSeed(): void {
    this.misses.inc();
  }

  keepsSeeds(provider: string, count: number): void {
    this.seeds.set({ provider_name: provider }, count);
  }
}

const hashed = (keyId: string): string => `sha256:${createHash('sha256').update(keyId).digest('hex')}`;
