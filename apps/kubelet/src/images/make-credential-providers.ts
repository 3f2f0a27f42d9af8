import { readFile } from 'node:fs/promises';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { Registry } from 'prom-client';
import type { KubeletConfig } from '../config';
import { CredentialMetrics } from './credential-metrics';
import { credentialProviderFiles, readCredentialProviders } from './credential-provider-config';
import { CredentialProviders } from './credential-providers';

/** Programs of the node that give credentials for images; none where no file names them. */
export async function credentialProviders(
  { imageCredentialProviderConfig: path, imageCredentialProviderBinDir: directory = '' }: KubeletConfig,
  { clock, log, registry }: { readonly clock: Clock; readonly log: Logger; readonly registry: Registry },
): Promise<{ readonly credentialProviders?: CredentialProviders }> {
  if (path === undefined) return {};
  const providers = await readCredentialProviders(path);
  const config = await Promise.all((await credentialProviderFiles(path)).map((file) => readFile(file)));
  const metrics = new CredentialMetrics(Buffer.concat(config), registry);
  return { credentialProviders: new CredentialProviders(providers, directory, { clock, log, metrics }) };
}
