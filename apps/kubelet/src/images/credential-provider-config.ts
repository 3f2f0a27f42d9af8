import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { aggregateMessages, decodeYaml, fieldErrors, labelKeyMessages, type FieldError } from '@navarch/apimachinery';
import { parseDuration } from '@navarch/component-base';

/** What a program is told of a pod's service account, besides a token of it: upstream's tokenAttributes. */
export interface TokenAttributes {
  readonly audience: string;
  /** Whether its answers are for all who run as the account, or end with the token. */
  readonly cacheType: CacheType;
  /** Whether it is of no use to pods without an account, such as static ones. */
  readonly requireServiceAccount: boolean;
  readonly requiredAnnotationKeys: readonly string[];
  readonly optionalAnnotationKeys: readonly string[];
}

/** A program that gives credentials, of upstream's CredentialProviderConfig. */
export interface CredentialProvider {
  readonly name: string;
  readonly matchImages: readonly string[];
  readonly defaultCacheMs: number;
  readonly apiVersion: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly token?: TokenAttributes;
}

const cacheTypes = ['ServiceAccount', 'Token'] as const;
type CacheType = (typeof cacheTypes)[number];

interface TokenAttributesConfig {
  serviceAccountTokenAudience?: string;
  cacheType?: string;
  requireServiceAccount?: boolean;
  requiredServiceAccountAnnotationKeys?: string[];
  optionalServiceAccountAnnotationKeys?: string[];
}

interface ProviderConfig {
  name?: string;
  matchImages?: string[];
  defaultCacheDuration?: string;
  apiVersion?: string;
  args?: string[];
  env?: { name: string; value: string }[];
  tokenAttributes?: TokenAttributesConfig;
}

const current = 'credentialprovider.kubelet.k8s.io/v1';
const apiVersions = [current, 'credentialprovider.kubelet.k8s.io/v1alpha1', 'credentialprovider.kubelet.k8s.io/v1beta1'];

/** The files of upstream's --image-credential-provider-config, which may be a directory, in the order in which they count; rejects where there are none. */
export async function credentialProviderFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory() && ['.json', '.yaml', '.yml'].includes(extname(entry.name))).map(({ name }) => join(path, name)).sort();
  if (files.length === 0) throw new Error(`no configuration files found in directory "${path}"`);
  return files;
}

/** Reads upstream's --image-credential-provider-config; throws an Error that names what makes no sense, in upstream's words. */
export async function readCredentialProviders(path: string): Promise<CredentialProvider[]> {
  const all: ProviderConfig[] = [];
  for (const file of await credentialProviderFiles(path)) {
    for (const provider of await readFileOf(file)) {
      if (all.some(({ name }) => name === provider.name)) throw new Error(`duplicate provider name "${provider.name ?? ''}" found in configuration file(s)`);
      all.push(provider);
    }
  }
  const errors = all.length === 0 ? [fieldErrors.required('providers', 'at least 1 item in plugins is required')] : all.flatMap(findings);
  if (errors.length > 0) throw new Error(`failed to validate credential provider config: ${aggregateMessages(errors.map(({ message }) => message))}`);
  return all.map(({ name = '', matchImages = [], defaultCacheDuration = '', apiVersion = '', args = [], env = [], tokenAttributes }) => ({
    name, matchImages, defaultCacheMs: parseDuration(defaultCacheDuration) ?? 0, apiVersion, args, env: Object.fromEntries(env.map((variable) => [variable.name, variable.value])),
    ...(tokenAttributes ? { token: tokenOf(tokenAttributes) } : {}),
  }));
}

async function readFileOf(file: string): Promise<readonly ProviderConfig[]> {
  const { value } = decodeYaml(await readFile(file));
  const config = value as { apiVersion?: string; kind?: string; providers?: ProviderConfig[] } | null;
  if (config?.kind !== 'CredentialProviderConfig') throw new Error(`error decoding config "${file}": it holds no CredentialProviderConfig`);
  if (config.apiVersion?.split('/')[0] !== 'kubelet.config.k8s.io') {
    throw new Error(`error decoding config "${file}": failed to decode CredentialProviderConfig, unexpected apiVersion: ${config.apiVersion ?? ''}`);
  }
  return config.providers ?? [];
}

function tokenOf({
  serviceAccountTokenAudience = '',
  cacheType,
  requireServiceAccount = false,
  requiredServiceAccountAnnotationKeys = [],
  optionalServiceAccountAnnotationKeys = [],
}: TokenAttributesConfig): TokenAttributes {
  return {
    audience: serviceAccountTokenAudience,
    cacheType: cacheType as CacheType,
    requireServiceAccount,
    requiredAnnotationKeys: requiredServiceAccountAnnotationKeys,
    optionalAnnotationKeys: optionalServiceAccountAnnotationKeys,
  };
}

/** Mirrors pkg/credentialprovider/plugin/config.go. */
function findings({ name = '', matchImages = [], defaultCacheDuration, apiVersion = '', tokenAttributes }: ProviderConfig): FieldError[] {
  const { required, invalid, notSupported } = fieldErrors;
  const nameMessages = [
    ...(name.includes('/') ? ["cannot contain '/'"] : []), ...(name.includes(' ') ? ['cannot contain spaces'] : []), ...(['.', '..'].includes(name) ? [`cannot be '${name}'`] : []),
    // Upstream finds out when it looks for the program.
    ...(name === '' ? ['cannot be empty'] : []),
  ];
  const durationMs = defaultCacheDuration === undefined ? undefined : parseDuration(defaultCacheDuration);
  return [
    ...nameMessages.map((message) => invalid('providers.name', name, `provider name ${message}`)),
    ...(apiVersion === ''
      ? [required('providers.apiVersion')]
      : apiVersions.includes(apiVersion)
        ? []
        : [notSupported('providers.apiVersion', apiVersion, apiVersions)]),
    ...(matchImages.length === 0 ? [required('providers.matchImages', 'at least 1 item in matchImages is required')] : []),
    ...(defaultCacheDuration === undefined ? [required('providers.defaultCacheDuration')] : []),
    ...(defaultCacheDuration !== undefined && (durationMs === undefined || durationMs < 0)
      ? [invalid('providers.defaultCacheDuration', defaultCacheDuration, 'defaultCacheDuration must be greater than or equal to 0')]
      : []),
    ...(tokenAttributes ? tokenFindings(tokenAttributes, apiVersion) : []),
  ];
}

function tokenFindings(
  {
    serviceAccountTokenAudience = '',
    cacheType = '',
    requireServiceAccount,
    requiredServiceAccountAnnotationKeys: needed = [],
    optionalServiceAccountAnnotationKeys: optional = [],
  }: TokenAttributesConfig,
  apiVersion: string,
): FieldError[] {
  const { required, invalid, forbidden, notSupported } = fieldErrors;
  const path = 'providers.tokenAttributes';
  const both = [...new Set(needed.filter((key) => optional.includes(key)))].sort();
  return [
    ...(serviceAccountTokenAudience === '' ? [required(`${path}.serviceAccountTokenAudience`)] : []),
    ...(requireServiceAccount === undefined ? [required(`${path}.requireServiceAccount`)] : []),
    ...(apiVersion === current ? [] : [forbidden(path, `tokenAttributes is only supported for ${current} API version`)]),
    ...(requireServiceAccount === false && needed.length > 0
      ? [forbidden(`${path}.requiredServiceAccountAnnotationKeys`, 'requireServiceAccount cannot be false when requiredServiceAccountAnnotationKeys is set')]
      : []),
    ...keyFindings(`${path}.requiredServiceAccountAnnotationKeys`, needed),
    ...keyFindings(`${path}.optionalServiceAccountAnnotationKeys`, optional),
    ...(both.length > 0 ? [invalid(path, both, 'annotation keys cannot be both required and optional')] : []),
    ...(cacheType === ''
      ? [required(`${path}.cacheType`, `cacheType is required to be set when tokenAttributes is specified. Supported values are: ${cacheTypes.join(', ')}`)]
      : []),
    ...(cacheType !== '' && !cacheTypes.some((known) => known === cacheType) ? [notSupported(`${path}.cacheType`, cacheType, cacheTypes)] : []),
  ];
}

function keyFindings(path: string, keys: readonly string[]): FieldError[] {
  return keys.flatMap((key, index) => [
    ...labelKeyMessages(key.toLowerCase()).map((message) => fieldErrors.invalid(path, key, message)),
    ...(keys.indexOf(key) < index ? [fieldErrors.duplicate(path, key)] : []),
  ]);
}
