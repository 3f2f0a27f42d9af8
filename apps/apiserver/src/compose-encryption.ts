import type { Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import type { Store } from '@navarch/storage';
import { readFile } from 'node:fs/promises';
import type { Registry } from 'prom-client';
import type { ApiserverConfig } from './config';
import { ReloadMetrics } from './config-file/reload-metrics';
import { ReloadedFile } from './config-file/reloaded-file';
import { serverIdHash } from './config-file/server-id';
import { Encryption } from './encryption/encryption';
import { loadEncryptionConfig } from './encryption/encryption-config';

/** The store as the server uses it, what has to run for that, and what says whether it does. */
export interface ComposedEncryption {
  readonly store: Store;
  readonly components: readonly Component[];
  readonly checks: readonly { readonly name: string; readonly check: () => void }[];
}

/** Upstream's. */
const RELOAD_EVERY_MS = 60_000;

/** @throws for a file that is wrong */
export async function composeEncryption(config: ApiserverConfig, deps: { readonly store: Store; readonly clock: Clock; readonly log: Logger; readonly metrics: Registry }): Promise<ComposedEncryption> {
  const path = config.encryptionProviderConfig;
  if (path === undefined) return { store: deps.store, components: [], checks: [] };
  const idHash = serverIdHash();
  const encryption = new Encryption(await loadEncryptionConfig(path), { ...deps, serverIdHash: idHash });
  const { store } = encryption;
  if (!config.encryptionProviderConfigAutomaticReload) {
    return {
      store,
      components: [encryption],
      checks: encryption.providers.map((plugin, index) => ({ name: `kms-provider-${index}`, check: () => plugin.check() })),
    };
  }
  const reloading = new ReloadedFile(
    { name: 'encryption-provider-config', path, everyMs: RELOAD_EVERY_MS, apply: (text) => encryption.use(text) }, await readFile(path, 'utf8'),
    { ...deps, observer: new ReloadMetrics('encryption', idHash, deps.metrics) },
  );
  // As upstream: which plug-ins there are may change, so one check speaks for all.
  const check = (): void => {
    for (const plugin of encryption.providers) plugin.check();
  };
  return { store, components: [encryption, reloading], checks: [{ name: 'kms-providers', check }] };
}
