import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { Registry } from 'prom-client';
import { CredentialMetrics } from './credential-metrics';
import { aPod } from '../testing/pod-bench';
import { type CredentialProvider, type TokenAttributes } from './credential-provider-config';
import { CredentialProviders, type PodAccounts } from './credential-providers';
import { type Credential } from './keyring';

const apiVersion = 'credentialprovider.kubelet.k8s.io/v1';
const provider = (more: Partial<CredentialProvider> = {}): CredentialProvider => ({ name: 'helper', matchImages: ['*.example.com', 'other.example.com:5000/team'], defaultCacheMs: 60_000, apiVersion, args: [], env: {}, ...more });

const noAccounts: PodAccounts = { account: () => Promise.reject(new Error('nobody asks')), token: () => Promise.reject(new Error('nobody asks')) };
const lookup = (providers: CredentialProviders, image: string, repository: string): Promise<Credential[]> => providers.lookup(image, repository, aPod({ containers: [] }), noAccounts);

describe('credential providers', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'credentials-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const program = async (script: string): Promise<void> => {
    await writeFile(join(folder, 'helper'), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, 'helper'), 0o755);
  };
  const asked = (auth: object, more: object = {}): { providers: CredentialProviders; inputs: string[]; clock: FakeClock } => {
    const inputs: string[] = [];
    const clock = new FakeClock();
    const providers = new CredentialProviders([provider()], '/bin', {
      clock, log: silentLogger,
      run: (_program, _provider, input) => {
        inputs.push(input);
        return Promise.resolve(JSON.stringify({ apiVersion, kind: 'CredentialProviderResponse', cacheKeyType: 'Registry', auth, ...more }));
      },
    });
    return { providers, inputs, clock };
  };

  it('are programs that are told the image and answer with credentials', async () => {
    await program(`cat > ${folder}/input; echo "$1 $EXTRA" > ${folder}/called; echo '{"apiVersion":"${apiVersion}","kind":"CredentialProviderResponse","cacheKeyType":"Image","auth":{"a.example.com":{"username":"u","password":"p"}}}'`);
    const providers = new CredentialProviders([provider({ args: ['get'], env: { EXTRA: 'x' } })], folder, { clock: new FakeClock(), log: silentLogger });
    expect(await lookup(providers, 'a.example.com/app:1', 'a.example.com/app')).toMatchObject([{ auth: { username: 'u', password: 'p' } }]);
    expect(JSON.parse(await readFile(join(folder, 'input'), 'utf8'))).toEqual({ apiVersion, kind: 'CredentialProviderRequest', image: 'a.example.com/app:1' });
    expect(await readFile(join(folder, 'called'), 'utf8')).toBe('get x\n');
  });

  it('are asked only for images they match, and not again while an answer holds', async () => {
    const { providers, inputs, clock } = asked({ '*.example.com': { username: 'u', password: 'p' } });
    expect(await lookup(providers, 'docker.io/library/x:1', 'docker.io/library/x')).toEqual([]);
    expect(inputs).toEqual([]);
    await lookup(providers, 'a.example.com/app:1', 'a.example.com/app');
    await lookup(providers, 'a.example.com/other:1', 'a.example.com/other');
    expect(inputs).toHaveLength(1);
    await lookup(providers, 'b.example.com/app:1', 'b.example.com/app');
    expect(inputs).toHaveLength(2);
    await clock.advance(60_001);
    await lookup(providers, 'a.example.com/app:1', 'a.example.com/app');
    expect(inputs).toHaveLength(3);
  });

  it('may say how long their answer holds', async () => {
    const { providers, inputs } = asked({}, { cacheDuration: '0s' });
    await lookup(providers, 'a.example.com/app:1', 'a.example.com/app');
    await lookup(providers, 'a.example.com/app:1', 'a.example.com/app');
    expect(inputs).toHaveLength(2);
  });

  it('that fail stand in the way of nothing', async () => {
    await program('echo no >&2; exit 1');
    const registry = new Registry();
    const providers = new CredentialProviders([provider()], folder, { clock: new FakeClock(), log: silentLogger, metrics: new CredentialMetrics(Buffer.from('config'), registry) });
    expect(await lookup(providers, 'a.example.com/app:1', 'a.example.com/app')).toEqual([]);
    const metrics = await registry.metrics();
    expect(metrics).toContain('kubelet_credential_provider_plugin_errors_total{plugin_name="helper"} 1');
    expect(metrics).toMatch(/kubelet_credential_provider_config_info\{hash="sha256:[0-9a-f]{64}"\} 1/);
  });

  describe('that are told of service accounts', () => {
    const token = { audience: 'registry', cacheType: 'ServiceAccount', requireServiceAccount: true, requiredAnnotationKeys: [], optionalAnnotationKeys: [] } as const;
    const account = (annotations?: Record<string, string>): PodAccounts => ({
      account: (namespace, name) => Promise.resolve({ metadata: { namespace, name, uid: `${name}-uid`, ...(annotations ? { annotations } : {}) } } as corev1.ServiceAccount),
      token: (pod, audience) => Promise.resolve(`token of ${pod.metadata.name ?? ''} for ${audience}`),
    });
    const ofAccount = (name: string, serviceAccountName = 'robot'): corev1.Pod => aPod({ serviceAccountName, containers: [] }, { name, uid: name });
    const helper = (more: Partial<TokenAttributes>, password = 'p'): { look: (pod: corev1.Pod, accounts?: PodAccounts) => ReturnType<CredentialProviders['lookup']>; inputs: object[] } => {
      const inputs: object[] = [];
      const providers = new CredentialProviders([provider({ token: { ...token, ...more } })], '/bin', {
        clock: new FakeClock(), log: silentLogger,
        run: (_program, _provider, input) => {
          const request = JSON.parse(input) as { serviceAccountToken?: string };
          inputs.push(request);
          return Promise.resolve(
            JSON.stringify({
              apiVersion,
              kind: 'CredentialProviderResponse',
              cacheKeyType: 'Image',
              auth: { '*.example.com': { username: 'u', password: password === 'echo' ? request.serviceAccountToken : password } },
            }),
          );
        },
      });
      return { inputs, look: (pod, accounts = account()) => providers.lookup('a.example.com/app:1', 'a.example.com/app', pod, accounts) };
    };
    const request = { apiVersion, kind: 'CredentialProviderRequest', image: 'a.example.com/app:1' };
    const source = { uid: 'robot-uid', namespace: 'default', name: 'robot' };

    it('get a token of the pod, and their answer holds for all who run as its account', async () => {
      const { look, inputs } = helper({});
      expect(await look(ofAccount('one'))).toMatchObject([{ auth: { username: 'u', password: 'p' }, source }]);
      expect(await look(ofAccount('two'))).toMatchObject([{ source }]);
      expect(inputs).toEqual([{ ...request, serviceAccountToken: 'token of one for registry' }]);
      expect(await look(ofAccount('three', 'other'))).toMatchObject([{ source: { ...source, uid: 'other-uid', name: 'other' } }]);
      expect(inputs).toHaveLength(2);
    });

    it('may have their answers kept for one token only', async () => {
      const { look, inputs } = helper({ cacheType: 'Token' }, 'echo');
      for (const pod of ['one', 'one', 'two']) expect(await look(ofAccount(pod))).toMatchObject([{ auth: { password: `token of ${pod} for registry` } }]);
      expect(inputs).toHaveLength(2);
    });

    it('may not give the token itself where their answer would outlive it', async () => {
      expect(await helper({}, 'echo').look(ofAccount('one'))).toEqual([]);
    });

    it('get the annotations that they ask for, and are not asked where one that they need is missing', async () => {
      const { look, inputs } = helper({ requiredAnnotationKeys: ['example.com/id'], optionalAnnotationKeys: ['example.com/role'] });
      expect(await look(ofAccount('one'), account({ 'example.com/role': 'r' }))).toEqual([]);
      expect(inputs).toEqual([]);
      await look(ofAccount('one'), account({ 'example.com/id': '7', 'example.com/role': 'r', other: 'x' }));
      await look(ofAccount('one'), account({ 'example.com/id': '8' }));
      expect(inputs).toMatchObject([{ serviceAccountAnnotations: { 'example.com/id': '7', 'example.com/role': 'r' } }, { serviceAccountAnnotations: { 'example.com/id': '8' } }]);
    });

    it('are asked for a pod without an account only if they say so', async () => {
      expect(await helper({}).look(ofAccount('static', ''))).toEqual([]);
      const { look, inputs } = helper({ requireServiceAccount: false });
      expect(await look(ofAccount('static', ''))).toEqual([{ auth: expect.objectContaining({ password: 'p' }) as unknown }]);
      expect(inputs).toEqual([request]);
    });

    it('are passed over when there is no such account', async () => {
      const { look, inputs } = helper({});
      expect(await look(ofAccount('one'), { ...account(), account: () => Promise.reject(new Error('not found')) })).toEqual([]);
      expect(inputs).toEqual([]);
    });
  });
});
