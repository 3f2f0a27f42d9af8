import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import type { kmsv2 } from '@navarch/proto';
import { findRpcError, RpcStatus, type ServiceClient } from '@navarch/rpc';
import { type Eventually, openGcm, sealGcm, StoreError, type Transformer, transformerName } from '@navarch/storage';
import type { KmsMethod, KmsObserver } from './kms-metrics';
import { statusName } from './status-name';
import { decodeWrapped, encodeWrapped, splitEnvelope, type WrappedSeed } from './kms-envelope';

export interface KmsTransformerDeps {
  readonly kms: ServiceClient<typeof kmsv2.KeyManagementServiceService>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer?: KmsObserver;
  close(): void;
}

/** The seed that values are sealed with now. */
interface CurrentSeed {
  readonly keyId: string;
  readonly seed: Buffer;
  readonly wrapped: string;
}

/** Upstream's intervals: of asking a plug-in that is well, of asking one that is not, and how long a seed is used unconfirmed. */
const wellMs = 60_000;
const illMs = 10_000;
const trustMs = 180_000;
/** Upstream's limits on what a plug-in may answer. */
const limits = { keyId: 1024, ciphertext: 1024, annotations: 32 * 1024 } as const;
const seedBytes = 32;
const saltBytes = 32;
/** Seeds that are remembered: each start of a server and each rotation makes one. */
const keptSeeds = 1000;
/** After these, the same question may have an answer later. */
const passing: readonly number[] = [RpcStatus.UNAVAILABLE, RpcStatus.DEADLINE_EXCEEDED, RpcStatus.CANCELLED, RpcStatus.RESOURCE_EXHAUSTED, RpcStatus.ABORTED];

/**
 * Seals with keys derived from a seed of this process, which the plug-in (KMS v2) has wrapped and which stands, wrapped, in each
 * value. The plug-in is asked once per seed, and its key is looked at every minute: a new one begins a new seed.
 */
export class KmsTransformer implements Transformer, Component {
  readonly name: string;
  readonly #seeds = new Map<string, Buffer>();
  /** Seeds that are being asked for: many values of one seed ask together. */
  readonly #opening = new Map<string, Promise<Buffer>>();
  readonly #stopping = new AbortController();
  #current: CurrentSeed | undefined;
  #trustedUntil = 0;
  #polling: Promise<void> | undefined;
  #failure: string | undefined = 'the plug-in has not answered yet';

  constructor(private readonly provider: string, private readonly deps: KmsTransformerDeps) {
    this.name = transformerName('kms:v2', provider);
  }

  get mark(): string {
    return `${this.name} ${this.#current?.keyId ?? ''}`;
  }

  markOf(sealed: Buffer): string {
    return `${this.name} ${decodeWrapped(splitEnvelope(sealed).wrapped).keyId}`;
  }

  /** Begins to ask the plug-in; that it does not answer is no reason not to start. */
  async start(): Promise<void> {
    await this.#poll();
    void this.#keepPolling();
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    this.deps.close();
    return Promise.resolve();
  }

  /** @throws when the plug-in is not well: for health checks */
  check(): void {
    if (this.#failure !== undefined) throw new Error(`KMS provider ${this.provider}: ${this.#failure}`);
  }

  seal(key: string, plain: Buffer): Eventually<Buffer> {
    const current = this.#trusted();
    if (current) return sealedWith(current, key, plain);
    return this.#poll().then(() => {
      const found = this.#trusted();
      if (!found) throw new StoreError('unavailable', `KMS provider ${this.provider}: ${this.#failure ?? 'no key'}`);
      return sealedWith(found, key, plain);
    });
  }

  open(key: string, envelope: Buffer): Eventually<Buffer> {
    const { wrapped, sealed } = splitEnvelope(envelope);
    const seed = this.#seeds.get(wrapped);
    if (seed) return openWith(seed, key, sealed);
    return this.#opened(wrapped).then((found) => openWith(found, key, sealed));
  }

  #trusted(): CurrentSeed | undefined {
    return this.deps.clock.now() < this.#trustedUntil ? this.#current : undefined;
  }

  async #keepPolling(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const waited = await this.deps.clock.sleep(this.#failure === undefined ? wellMs : illMs, signal).then(() => true, () => false);
      if (waited) await this.#poll();
    }
  }

  /** Looks at the plug-in's key, and begins a seed if it is a new one. Those who ask meanwhile share the answer. */
  #poll(): Promise<void> {
    this.#polling ??= this.#ask().then(() => (this.#failure = undefined), (error: unknown) => {
      this.#failure = error instanceof Error ? error.message : String(error);
      this.deps.log.warn({ provider: this.provider, err: error }, 'KMS plug-in is not well');
    }).then(() => (this.#polling = undefined));
    return this.#polling;
  }

  async #ask(): Promise<void> {
    const askedAt = this.deps.clock.now();
    const { version, healthz, keyId } = await this.#timed('Status', this.deps.kms.status({}));
    if (version !== 'v2' && version !== 'v2beta1') throw new Error(`expected KMSv2 API version v2, got ${version}`);
    if (healthz !== 'ok') throw new Error(`expected KMSv2 healthz ok, got ${healthz}`);
    if (keyIdFault(keyId) !== undefined) this.deps.observer?.badKey(this.provider, keyId === '' ? 'empty' : 'too_long');
    checkKeyId(keyId);
    this.deps.observer?.saidKey(this.provider, keyId, askedAt / 1000);
    if (keyId !== this.#current?.keyId) this.#current = await this.#newSeed();
    this.#trustedUntil = askedAt + trustMs;
  }

  async #newSeed(): Promise<CurrentSeed> {
    const started = performance.now();
    const seed = randomBytes(seedBytes);
    this.deps.observer?.madeSeed((performance.now() - started) / 1000);
    const answer = await this.#timed('Encrypt', this.deps.kms.encrypt({ plaintext: seed, uid: randomUUID() }));
    checkAnswer(answer);
    this.deps.observer?.usedKey(this.provider, 'to_storage', answer.keyId, this.deps.clock.now() / 1000);
    const wrapped = encodeWrapped(answer);
    this.#remember(wrapped, seed);
    this.deps.log.info({ provider: this.provider, keyId: answer.keyId }, 'sealing with a new seed');
    return { keyId: answer.keyId, seed, wrapped };
  }

  #opened(wrapped: string): Promise<Buffer> {
    const present = this.#opening.get(wrapped);
    if (present) return present;
    const opening = this.#unwrap(wrapped).finally(() => this.#opening.delete(wrapped));
    this.#opening.set(wrapped, opening);
    return opening;
  }

  async #unwrap(wrapped: string): Promise<Buffer> {
    const { keyId, ciphertext, annotations } = decodeWrapped(wrapped);
    this.deps.observer?.missedSeed();
    try {
      const { plaintext } = await this.#timed('Decrypt', this.deps.kms.decrypt({ ciphertext, keyId, annotations, uid: randomUUID() }));
      this.deps.observer?.usedKey(this.provider, 'from_storage', keyId, this.deps.clock.now() / 1000);
      if (plaintext.length !== seedBytes) throw new Error(`KMS provider ${this.provider} answered a seed of ${plaintext.length} bytes`);
      const seed = Buffer.from(plaintext);
      this.#remember(wrapped, seed);
      return seed;
    } catch (error) {
      const code = findRpcError(error)?.code;
      if (code !== undefined && passing.includes(code)) throw new StoreError('unavailable', `KMS provider ${this.provider} does not answer`, { cause: error });
      throw new Error(`failed to decrypt DEK, error: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  async #timed<T>(method: KmsMethod, answer: Promise<T>): Promise<T> {
    const started = performance.now();
    const told = (code: string): void => this.deps.observer?.asked(this.provider, method, code, (performance.now() - started) / 1000);
    try {
      const value = await answer;
      told('OK');
      return value;
    } catch (error) {
      told(statusName(error));
      throw error;
    }
  }

  #remember(wrapped: string, seed: Buffer): void {
    const [oldest] = this.#seeds.keys();
    if (this.#seeds.size >= keptSeeds && oldest !== undefined) this.#seeds.delete(oldest);
    this.#seeds.set(wrapped, seed);
    this.deps.observer?.keepsSeeds(this.provider, this.#seeds.size);
  }
}

/** Each value has a key of its own: made of the seed and a salt, which is stored before the ciphertext. */
function keyOf(seed: Buffer, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', seed, salt, 'navarch kms v2', 32));
}

function sealedWith({ seed, wrapped }: CurrentSeed, key: string, plain: Buffer): Buffer {
  const salt = randomBytes(saltBytes);
  return Buffer.concat([Buffer.from(`${wrapped}\n`), salt, sealGcm(keyOf(seed, salt), key, plain)]);
}

function openWith(seed: Buffer, key: string, sealed: Buffer): Buffer {
  return openGcm(keyOf(seed, sealed.subarray(0, saltBytes)), key, sealed.subarray(saltBytes));
}

function keyIdFault(keyId: string): string | undefined {
  const length = Buffer.byteLength(keyId);
  return length === 0 || length > limits.keyId ? `keyID of ${length} bytes is not in [1, ${limits.keyId}]` : undefined;
}

function checkKeyId(keyId: string): void {
  const fault = keyIdFault(keyId);
  if (fault !== undefined) throw new Error(fault);
}

function checkAnswer({ keyId, ciphertext, annotations }: WrappedSeed): void {
  checkKeyId(keyId);
  if (ciphertext.length === 0 || ciphertext.length > limits.ciphertext) throw new Error(`encrypted seed of ${ciphertext.length} bytes is not in [1, ${limits.ciphertext}]`);
  const size = Object.entries(annotations).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + value.length, 0);
  if (size > limits.annotations) throw new Error(`annotations of ${size} bytes are more than ${limits.annotations}`);
}
