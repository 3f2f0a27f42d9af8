import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeYaml } from '@navarch/apimachinery';
import { type Clock } from '@navarch/clock';
import { parseDuration, type Logger } from '@navarch/component-base';
import { type runtimev1 } from '@navarch/proto';
import { type CredentialMetrics } from './credential-metrics';
import { Keyring, matchesRegistry } from './keyring';

/** A program that gives credentials, of upstream's CredentialProviderConfig. */
export interface CredentialProvider {
  readonly name: string;
  readonly matchImages: readonly string[];
  readonly defaultCacheMs: number;
  readonly apiVersion: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface ProviderResponse {
  apiVersion?: string;
  kind?: string;
  cacheKeyType?: string;
  cacheDuration?: string;
  auth?: Record<string, { username?: string; password?: string }>;
}

const apiVersions = ['credentialprovider.kubelet.k8s.io/v1', 'credentialprovider.kubelet.k8s.io/v1beta1', 'credentialprovider.kubelet.k8s.io/v1alpha1'];
const runMs = 60_000;

/** Reads upstream's --image-credential-provider-config; throws an Error that names what makes no sense. */
export async function readCredentialProviders(path: string): Promise<CredentialProvider[]> {
  const { value } = decodeYaml(await readFile(path));
  const config = value as { kind?: string; providers?: { name?: string; matchImages?: string[]; defaultCacheDuration?: string; apiVersion?: string; args?: string[]; env?: { name: string; value: string }[] }[] } | null;
  if (config?.kind !== 'CredentialProviderConfig') throw new Error(`${path} holds no CredentialProviderConfig`);
  if (!config.providers?.length) throw new Error(`${path}: at least 1 provider must be specified`);
  return config.providers.map(({ name = '', matchImages = [], defaultCacheDuration = '', apiVersion = '', args = [], env = [] }) => {
    if (name === '' || name.includes('/') || name === '.' || name === '..') throw new Error(`${path}: provider name ${JSON.stringify(name)} is not the name of a program`);
    if (!apiVersions.includes(apiVersion)) throw new Error(`${path}: provider ${name}: unsupported apiVersion ${JSON.stringify(apiVersion)}`);
    if (matchImages.length === 0) throw new Error(`${path}: provider ${name}: at least 1 matchImages entry must be specified`);
    const defaultCacheMs = parseDuration(defaultCacheDuration);
    if (defaultCacheMs === undefined || defaultCacheMs < 0) throw new Error(`${path}: provider ${name}: defaultCacheDuration must be set to a duration of 0 or more`);
    return { name, matchImages, defaultCacheMs, apiVersion, args, env: Object.fromEntries(env.map((variable) => [variable.name, variable.value])) };
  });
}

export interface CredentialProvidersDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: Pick<CredentialMetrics, 'ran'>;
  /** Runs a program with an input; resolves with its output. Tests replace it. */
  readonly run?: (program: string, provider: CredentialProvider, input: string) => Promise<string>;
}

/** Asks the programs that fit an image for credentials, and keeps their answers as long as they say. */
export class CredentialProviders {
  readonly #cache = new Map<string, { readonly auths: ProviderResponse['auth']; readonly untilMs: number }>();

  /** `directory`: upstream's --image-credential-provider-bin-dir. */
  constructor(private readonly providers: readonly CredentialProvider[], private readonly directory: string, private readonly deps: CredentialProvidersDeps) {}

  /** What to try for an image, best match first. A program that fails is passed over, and said to be. */
  async lookup(image: string, repository: string): Promise<runtimev1.AuthConfig[]> {
    const keyring = new Keyring();
    for (const provider of this.providers.filter(({ matchImages }) => matchImages.some((pattern) => matchesRegistry(pattern, repository)))) {
      try {
        keyring.addEntries(await this.#ask(provider, image, repository) ?? {});
      } catch (error) {
        this.deps.log.warn({ err: error, provider: provider.name, image }, 'credential provider failed');
      }
    }
    return keyring.lookup(repository);
  }

  async #run(provider: CredentialProvider, input: string): Promise<ProviderResponse> {
    const { clock, metrics, run = runProgram } = this.deps;
    const beganMs = clock.now();
    let failed = true;
    try {
      const answer = readAnswer(await run(join(this.directory, provider.name), provider, input), provider);
      failed = false;
      return answer;
    } finally {
      metrics?.ran(provider.name, (clock.now() - beganMs) / 1000, failed);
    }
  }

  async #ask(provider: CredentialProvider, image: string, repository: string): Promise<ProviderResponse['auth']> {
    const { clock } = this.deps;
    const registry = repository.split('/')[0] ?? '';
    for (const key of [`${provider.name}/Image/${image}`, `${provider.name}/Registry/${registry}`, `${provider.name}/Global/`]) {
      const known = this.#cache.get(key);
      if (known && known.untilMs > clock.now()) return known.auths;
    }
    const input = JSON.stringify({ apiVersion: provider.apiVersion, kind: 'CredentialProviderRequest', image });
    const answer = await this.#run(provider, input);
    const forMs = answer.cacheDuration === undefined ? provider.defaultCacheMs : parseDuration(answer.cacheDuration) ?? 0;
    const part = { Image: image, Registry: registry, Global: '' }[answer.cacheKeyType ?? ''];
    if (part === undefined) throw new Error(`credential provider plugin did not return a valid cacheKeyType: ${JSON.stringify(answer.cacheKeyType ?? '')}`);
    if (forMs > 0) this.#cache.set(`${provider.name}/${answer.cacheKeyType ?? ''}/${part}`, { auths: answer.auth, untilMs: clock.now() + forMs });
    return answer.auth;
  }
}

function readAnswer(output: string, { apiVersion }: CredentialProvider): ProviderResponse {
  const answer = JSON.parse(output) as ProviderResponse;
  if (answer.apiVersion !== apiVersion || answer.kind !== 'CredentialProviderResponse') throw new Error(`the answer is ${answer.apiVersion ?? ''} ${answer.kind ?? ''}, not ${apiVersion} CredentialProviderResponse`);
  return answer;
}

function runProgram(program: string, { args, env }: CredentialProvider, input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { env: { PATH: systemPath, ...env }, stdio: ['pipe', 'pipe', 'pipe'], timeout: runMs });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString('utf8'));
      else reject(new Error(`${program} ended with ${code ?? 'a signal'}: ${Buffer.concat(errors).toString('utf8')}`));
    });
    // One that reads nothing may have ended by now: its exit tells.
    child.stdin.on('error', () => undefined).end(input);
  });
}

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
