import { createHash } from 'node:crypto';
import { type corev1 } from '@navarch/api';
import { type runtimev1 } from '@navarch/proto';
import { canonicalJson } from '../canonical-json';
import { decodeSecret } from '../containers/environment';
import { type PullServiceAccount, type PullSource } from './image-access';

interface DockerConfigEntry {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
  registrytoken?: string;
}

/** What to show a registry, and where it is from. */
export interface Credential {
  readonly auth: runtimev1.AuthConfig;
  /** Undefined for the node's own. */
  readonly source?: PullSource;
}

/** Credentials that pull secrets hold, most specific registry path first. */
export class Keyring {
  readonly #entries: (Credential & { readonly pattern: string })[] = [];

  /** Adds a secret of type `kubernetes.io/dockerconfigjson` or `kubernetes.io/dockercfg`; throws when it cannot be read. */
  add(secret: corev1.Secret): void {
    const data = decodeSecret(secret);
    const modern = data['.dockerconfigjson'];
    const legacy = data['.dockercfg'];
    const entries = modern
      ? (JSON.parse(modern.toString()) as { auths?: Record<string, DockerConfigEntry> }).auths
      : legacy
        ? (JSON.parse(legacy.toString()) as Record<string, DockerConfigEntry>)
        : {};
    const { uid = '', namespace = '', name = '' } = secret.metadata;
    this.#add(entries ?? {}, (auth) => ({ uid, namespace, name, credentialHash: sum(auth) }));
  }

  /** Adds credentials by registry: of a service account, or the node's own. */
  addEntries(entries: Readonly<Record<string, DockerConfigEntry>>, account?: PullServiceAccount): void {
    this.#add(entries, () => account);
  }

  #add(entries: Readonly<Record<string, DockerConfigEntry>>, sourceOf: (auth: runtimev1.AuthConfig) => PullSource | undefined): void {
    for (const [registry, entry] of Object.entries(entries)) {
      const auth = authConfig(entry);
      const source = sourceOf(auth);
      this.#entries.push({ pattern: normalize(registry), auth, ...(source ? { source } : {}) });
    }
    this.#entries.sort((a, b) => b.pattern.length - a.pattern.length || (a.pattern < b.pattern ? 1 : -1));
  }

  /** What to try for an image, best match first; empty when there is nothing. */
  lookup(repository: string): runtimev1.AuthConfig[] {
    return this.find(repository).map(({ auth }) => auth);
  }

  /** The same, and where each is from. */
  find(repository: string): Credential[] {
    return this.#entries.filter(({ pattern }) => matches(pattern, repository)).map(({ auth, source }) => ({ auth, ...(source ? { source } : {}) }));
  }
}

/** By which credentials are known again without being kept. */
function sum(auth: runtimev1.AuthConfig): string {
  return createHash('sha256').update(canonicalJson(auth)).digest('hex');
}

/** Without a server's address, as upstream: containerd wants a URL there, and the name of a registry with a port is none. */
function authConfig(entry: DockerConfigEntry): runtimev1.AuthConfig {
  let { username = '', password = '' } = entry;
  if (entry.auth) {
    const decoded = Buffer.from(entry.auth, 'base64').toString();
    const colon = decoded.indexOf(':');
    if (colon >= 0) {
      username = decoded.slice(0, colon);
      // Some clients pad with zero bytes.
      password = decoded.slice(colon + 1).replace(/\0+$/, '');
    }
  }
  return { username, password, auth: '', serverAddress: '', identityToken: entry.identitytoken ?? '', registryToken: entry.registrytoken ?? '' };
}

/** `https://index.docker.io/v1/` is `docker.io`; other addresses lose scheme, version path and trailing slash. */
function normalize(registry: string): string {
  const bare = registry.replace(/^https?:\/\//, '').replace(/\/(v1|v2)\/?$/, '').replace(/\/+$/, '');
  return bare === 'index.docker.io' || bare === 'registry-1.docker.io' ? 'docker.io' : bare;
}

/** Whether credentials for a registry, with globs and a path, are for an image's repository. */
export function matchesRegistry(pattern: string, repository: string): boolean {
  return matches(normalize(pattern), repository);
}

/** Host labels may be globs, port must be equal, path is a prefix: upstream's URLsMatch. */
function matches(pattern: string, repository: string): boolean {
  const [patternHost, patternPath] = splitOnce(pattern);
  const [host, path = ''] = splitOnce(repository);
  const [patternName = '', patternPort] = patternHost.split(':');
  const [name = '', port] = host.split(':');
  const patternLabels = patternName.split('.');
  const labels = name.split('.');
  if (patternPort !== port || patternLabels.length !== labels.length) return false;
  if (!patternLabels.every((label, index) => globMatches(label, labels[index] ?? ''))) return false;
  return patternPath === undefined || path.startsWith(patternPath);
}

function splitOnce(text: string): [string, string | undefined] {
  const slash = text.indexOf('/');
  return slash < 0 ? [text, undefined] : [text.slice(0, slash), text.slice(slash + 1)];
}

function globMatches(pattern: string, text: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(text);
}
