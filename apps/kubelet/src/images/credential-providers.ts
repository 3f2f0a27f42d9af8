import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { parseDuration, type Logger } from '@navarch/component-base';
import { nameOf, namespaceOf, uidOf } from '../pods/pod-spec';
import { type CredentialMetrics } from './credential-metrics';
import { type CredentialProvider } from './credential-provider-config';
import { type PullServiceAccount } from './image-access';
import { Keyring, matchesRegistry, type Credential } from './keyring';

interface ProviderResponse {
  apiVersion?: string;
  kind?: string;
  cacheKeyType?: string;
  cacheDuration?: string;
  auth?: Record<string, { username?: string; password?: string }>;
}

const runMs = 60_000;

/** What is known of a pod's service account, for programs that are told of it. */
export interface PodAccounts {
  /** Rejects when there is none of this name. */
  account(namespace: string, name: string): Promise<corev1.ServiceAccount>;
  /** A token of the pod's account, bound to the pod. */
  token(pod: corev1.Pod, audience: string): Promise<string>;
}

/** What a program is told of an image, and of the account of the pod that wants it. */
interface ProviderRequest {
  readonly image: string;
  readonly serviceAccountToken?: string;
  readonly serviceAccountAnnotations?: Readonly<Record<string, string>>;
}

/** For whom a program is asked: `cacheKey` is of all for whom an answer may hold, `coordinates` of the account whose token it is given. */
interface Asker {
  readonly cacheKey: string;
  readonly coordinates?: PullServiceAccount;
  readonly told: Omit<ProviderRequest, 'image'>;
}

const nobody: Asker = { cacheKey: '', told: {} };

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

  /** What to try for an image that a pod wants, best match first. A program that fails is passed over, and said to be. */
  async lookup(image: string, repository: string, pod: corev1.Pod, accounts: PodAccounts): Promise<Credential[]> {
    const keyring = new Keyring();
    for (const provider of this.providers.filter(({ matchImages }) => matchImages.some((pattern) => matchesRegistry(pattern, repository)))) {
      try {
        const asker = await this.#asker(provider, pod, accounts);
        if (asker) keyring.addEntries(await this.#ask(provider, asker, image, repository) ?? {}, asker.coordinates);
      } catch (error) {
        this.deps.log.warn({ err: error, provider: provider.name, image }, 'credential provider failed');
      }
    }
    return keyring.find(repository);
  }

  /** Undefined: the program is not for this pod. */
  async #asker({ name: program, token }: CredentialProvider, pod: corev1.Pod, accounts: PodAccounts): Promise<Asker | undefined> {
    if (!token) return nobody;
    const name = pod.spec?.serviceAccountName ?? '';
    if (name === '') return token.requireServiceAccount ? undefined : nobody;
    const { uid = '', namespace = '', annotations = {} } = (await accounts.account(namespaceOf(pod), name)).metadata;
    const missing = token.requiredAnnotationKeys.find((key) => annotations[key] === undefined);
    if (missing !== undefined) {
      // Whose account has no such annotation may not want the program at all.
      this.deps.log.debug({ provider: program, namespace, serviceAccount: name }, `required annotation ${missing} not found`);
      return undefined;
    }
    const serviceAccountAnnotations = Object.fromEntries(
      [...token.requiredAnnotationKeys, ...token.optionalAnnotationKeys]
        .sort()
        .flatMap((key) => (annotations[key] === undefined ? [] : [[key, annotations[key]]])),
    );
    const serviceAccountToken = await accounts.token(pod, token.audience);
    const only = token.cacheType === 'Token' ? [nameOf(pod), uidOf(pod), sha256(serviceAccountToken)] : [];
    return {
      cacheKey: JSON.stringify([namespace, name, uid, serviceAccountAnnotations, ...only]), coordinates: { uid, namespace, name },
      told: { serviceAccountToken, ...(Object.keys(serviceAccountAnnotations).length > 0 ? { serviceAccountAnnotations } : {}) },
    };
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

  async #ask(provider: CredentialProvider, { cacheKey, told }: Asker, image: string, repository: string): Promise<ProviderResponse['auth']> {
    const { clock } = this.deps;
    this.#forgetOld();
    const registry = repository.split('/')[0] ?? '';
    const keyOf = (type: string, part: string): string => JSON.stringify([provider.name, type, part, cacheKey]);
    for (const key of [keyOf('Image', image), keyOf('Registry', registry), keyOf('Global', '')]) {
      const known = this.#cache.get(key);
      if (known) return known.auths;
    }
    const request: ProviderRequest = { image, ...told };
    const answer = await this.#run(provider, JSON.stringify({ apiVersion: provider.apiVersion, kind: 'CredentialProviderRequest', ...request }));
    // Kept for all who run as the account, it would let them pull when the pod whose token it is has gone.
    if (provider.token?.cacheType === 'ServiceAccount' && told.serviceAccountToken !== undefined && Object.values(answer.auth ?? {}).some(({ password }) => password === told.serviceAccountToken)) {
      throw new Error(`Credential provider plugin returned the service account token as the password for image "${image}", which is not allowed when service account cache type is not set to 'Token'`);
    }
    const forMs = answer.cacheDuration === undefined ? provider.defaultCacheMs : parseDuration(answer.cacheDuration) ?? 0;
    const type = answer.cacheKeyType ?? '';
    const part = { Image: image, Registry: registry, Global: '' }[type];
    if (part === undefined) throw new Error(`credential provider plugin did not return a valid cacheKeyType: ${JSON.stringify(type)}`);
    if (forMs > 0) this.#cache.set(keyOf(type, part), { auths: answer.auth, untilMs: clock.now() + forMs });
    return answer.auth;
  }

  #forgetOld(): void {
    const now = this.deps.clock.now();
    for (const [key, { untilMs }] of this.#cache) if (untilMs <= now) this.#cache.delete(key);
  }
}

function readAnswer(output: string, { apiVersion }: CredentialProvider): ProviderResponse {
  const answer = JSON.parse(output) as ProviderResponse;
  if (answer.apiVersion !== apiVersion || answer.kind !== 'CredentialProviderResponse') {
    throw new Error(`the answer is ${answer.apiVersion ?? ''} ${answer.kind ?? ''}, not ${apiVersion} CredentialProviderResponse`);
  }
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

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
