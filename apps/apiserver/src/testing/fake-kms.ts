import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { silentLogger } from '@navarch/component-base';
import { kmsv2 } from '@navarch/proto';
import { RpcError, RpcServer, RpcStatus } from '@navarch/rpc';
import { openGcm, sealGcm } from '@navarch/storage';

/** A KMS plug-in (v2) on a socket, with keys that can be rotated and thrown away. It counts what it is asked. */
export class FakeKms {
  readonly calls = { status: 0, encrypt: 0, decrypt: 0 };
  healthz = 'ok';
  readonly #keys = new Map<string, Buffer>();
  #keyId = '';
  #server: RpcServer | undefined;

  constructor(private readonly socket: string) {
    this.rotate('kms-key-1');
  }

  get endpoint(): string {
    return `unix://${this.socket}`;
  }

  /** Seals with a new key from now on. */
  rotate(keyId: string): void {
    this.#keys.set(keyId, randomBytes(32));
    this.#keyId = keyId;
  }

  /** Nothing that this key has sealed can be opened again. */
  destroy(keyId: string): void {
    this.#keys.delete(keyId);
  }

  async start(): Promise<void> {
    await rm(this.socket, { force: true });
    this.#server = new RpcServer({ address: this.endpoint, drainMs: 10 }, { log: silentLogger });
    this.#server.add(kmsv2.KeyManagementServiceService, {
      status: () => {
        this.calls.status++;
        return Promise.resolve({ version: 'v2', healthz: this.healthz, keyId: this.#keyId });
      },
      encrypt: ({ plaintext }) => {
        this.calls.encrypt++;
        const ciphertext = sealGcm(this.#key(this.#keyId), this.#keyId, Buffer.from(plaintext));
        return Promise.resolve({ ciphertext, keyId: this.#keyId, annotations: { 'fake.example.com/note': Buffer.from('kept') } });
      },
      decrypt: ({ ciphertext, keyId, annotations }) => {
        this.calls.decrypt++;
        if (Buffer.from(annotations['fake.example.com/note'] ?? []).toString() !== 'kept') throw new RpcError(RpcStatus.INVALID_ARGUMENT, 'the annotations are not those of the answer');
        return Promise.resolve({ plaintext: openGcm(this.#key(keyId), keyId, Buffer.from(ciphertext)) });
      },
    });
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    await rm(this.socket, { force: true });
  }

  #key(keyId: string): Buffer {
    const key = this.#keys.get(keyId);
    if (!key) throw new RpcError(RpcStatus.NOT_FOUND, `no key ${keyId}`);
    return key;
  }
}
