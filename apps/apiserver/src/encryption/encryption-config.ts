import { readFile } from 'node:fs/promises';
import { parseDuration } from '@navarch/component-base';
import { parse } from 'yaml';
import { checkResourceNames } from './resource-names';
import { Fields } from '../config-file/strict-fields';

/** A secret and what values name it by. */
export interface EncryptionKey {
  readonly name: string;
  readonly secret: Buffer;
}

export type ProviderConfig =
  | { readonly kind: 'identity' }
  | { readonly kind: 'aesgcm' | 'aescbc' | 'secretbox'; readonly keys: readonly EncryptionKey[] }
  | { readonly kind: 'kms'; readonly name: string; readonly endpoint: string; readonly timeoutMs: number };

/** Some resources, and how they are sealed: the first provider (and its first key) seals, all of them open. */
export interface ResourceEncryption {
  /** `secrets`, `deployments.apps`, `*.apps`, `*.` for the core group, `*.*`. */
  readonly resources: readonly string[];
  readonly providers: readonly ProviderConfig[];
}

const API_VERSION = 'apiserver.config.k8s.io/v1';
const KIND = 'EncryptionConfiguration';
const KEY_BYTES = { aesgcm: [16, 24, 32], aescbc: [16, 24, 32], secretbox: [32] } as const;
const PROVIDERS = ['aesgcm', 'aescbc', 'secretbox', 'identity', 'kms'] as const;
/** Upstream's. */
const KMS_TIMEOUT = '3s';

/** Reads an EncryptionConfiguration. @throws for what is not one, naming file and field */
export async function loadEncryptionConfig(file: string): Promise<readonly ResourceEncryption[]> {
  const text = await readFile(file, 'utf8');
  try {
    return parseEncryptionConfig(text);
  } catch (error) {
    throw new Error(`--encryption-provider-config=${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** The same for its text, YAML or JSON. */
export function parseEncryptionConfig(text: string): readonly ResourceEncryption[] {
  const root = Fields.of('', parse(text));
  root.only('apiVersion', 'kind', 'resources');
  const [apiVersion, kind] = [root.text('apiVersion'), root.text('kind')];
  if (apiVersion !== API_VERSION || kind !== KIND) throw new Error(`no kind "${kind}" is registered for version "${apiVersion}": it must be ${KIND} of ${API_VERSION}`);
  const resources = root.list('resources').map(resourceEncryption);
  const kms = resources.flatMap(({ providers }) => providers.flatMap((provider) => (provider.kind === 'kms' ? [provider.name] : [])));
  const twice = kms.find((name, at) => kms.indexOf(name) < at);
  if (twice !== undefined) throw new Error(`invalid KMS provider name "${twice}": it must be unique`);
  return resources;
}

function resourceEncryption(entry: Fields): ResourceEncryption {
  entry.only('resources', 'providers');
  const resources = entry.texts('resources');
  checkResourceNames(resources, `${entry.path}.resources`);
  return { resources, providers: entry.list('providers').map(provider) };
}

function provider(entry: Fields): ProviderConfig {
  entry.only(...PROVIDERS);
  const [kind, ...more] = PROVIDERS.filter((name) => entry.has(name));
  if (kind === undefined) throw entry.wrong('provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity');
  if (more.length > 0) throw entry.wrong('more than one provider specified in a single element, should split into different list elements');
  const fields = entry.object(kind);
  if (kind === 'kms') return kms(fields);
  if (kind === 'identity') {
    fields.only();
    return { kind };
  }
  fields.only('keys');
  return { kind, keys: fields.list('keys').map((key) => encryptionKey(key, KEY_BYTES[kind])) };
}

function encryptionKey(entry: Fields, sizes: readonly number[]): EncryptionKey {
  entry.only('name', 'secret');
  const name = entry.text('name');
  const encoded = entry.text('secret');
  const secret = Buffer.from(encoded, 'base64');
  // The message never shows the secret.
  if (secret.toString('base64').replace(/=+$/, '') !== encoded.replace(/=+$/, '')) throw entry.wrong('secrets must be base64 encoded', 'secret');
  if (!sizes.includes(secret.length)) throw entry.wrong(`secret is not of the expected length, got ${secret.length}, expected one of [${sizes.join(' ')}]`, 'secret');
  return { name, secret };
}

function kms(entry: Fields): ProviderConfig {
  entry.only('apiVersion', 'name', 'endpoint', 'cachesize', 'timeout');
  const version = entry.has('apiVersion') ? entry.text('apiVersion') : 'v1';
  if (version === 'v1') throw entry.wrong('KMS v1 is not served: use apiVersion: v2', 'apiVersion');
  if (version !== 'v2') throw entry.wrong(`unsupported apiVersion ${version}: it must be v2`, 'apiVersion');
  if (entry.has('cachesize')) throw entry.wrong('cachesize is not supported in v2', 'cachesize');
  const name = entry.text('name');
  if (name.includes(':')) throw entry.wrong(`invalid KMS provider name "${name}": it must not contain ':'`, 'name');
  const endpoint = entry.text('endpoint');
  if (!endpoint.startsWith('unix:///')) throw entry.wrong('unsupported scheme, should be unix:///path', 'endpoint');
  const timeoutMs = parseDuration(entry.has('timeout') ? entry.text('timeout') : KMS_TIMEOUT);
  if (timeoutMs === undefined || timeoutMs <= 0) throw entry.wrong('should be a positive value', 'timeout');
  return { kind: 'kms', name, endpoint, timeoutMs };
}
