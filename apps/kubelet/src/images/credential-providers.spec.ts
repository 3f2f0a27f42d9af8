import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { Registry } from 'prom-client';
import { CredentialMetrics } from './credential-metrics';
import { CredentialProviders, readCredentialProviders, type CredentialProvider } from './credential-providers';

const apiVersion = 'credentialprovider.kubelet.k8s.io/v1';
const provider = (more: Partial<CredentialProvider> = {}): CredentialProvider => ({ name: 'helper', matchImages: ['*.example.com', 'other.example.com:5000/team'], defaultCacheMs: 60_000, apiVersion, args: [], env: {}, ...more });

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
    expect(await providers.lookup('a.example.com/app:1', 'a.example.com/app')).toMatchObject([{ username: 'u', password: 'p' }]);
    expect(JSON.parse(await readFile(join(folder, 'input'), 'utf8'))).toEqual({ apiVersion, kind: 'CredentialProviderRequest', image: 'a.example.com/app:1' });
    expect(await readFile(join(folder, 'called'), 'utf8')).toBe('get x\n');
  });

  it('are asked only for images they match, and not again while an answer holds', async () => {
    const { providers, inputs, clock } = asked({ '*.example.com': { username: 'u', password: 'p' } });
    expect(await providers.lookup('docker.io/library/x:1', 'docker.io/library/x')).toEqual([]);
    expect(inputs).toEqual([]);
    await providers.lookup('a.example.com/app:1', 'a.example.com/app');
    await providers.lookup('a.example.com/other:1', 'a.example.com/other');
    expect(inputs).toHaveLength(1);
    await providers.lookup('b.example.com/app:1', 'b.example.com/app');
    expect(inputs).toHaveLength(2);
    await clock.advance(60_001);
    await providers.lookup('a.example.com/app:1', 'a.example.com/app');
    expect(inputs).toHaveLength(3);
  });

  it('may say how long their answer holds', async () => {
    const { providers, inputs } = asked({}, { cacheDuration: '0s' });
    await providers.lookup('a.example.com/app:1', 'a.example.com/app');
    await providers.lookup('a.example.com/app:1', 'a.example.com/app');
    expect(inputs).toHaveLength(2);
  });

  it('that fail stand in the way of nothing', async () => {
    await program('echo no >&2; exit 1');
    const registry = new Registry();
    const providers = new CredentialProviders([provider()], folder, { clock: new FakeClock(), log: silentLogger, metrics: new CredentialMetrics(Buffer.from('config'), registry) });
    expect(await providers.lookup('a.example.com/app:1', 'a.example.com/app')).toEqual([]);
    const metrics = await registry.metrics();
    expect(metrics).toContain('kubelet_credential_provider_plugin_errors_total{plugin_name="helper"} 1');
    expect(metrics).toMatch(/kubelet_credential_provider_config_info\{hash="sha256:[0-9a-f]{64}"\} 1/);
  });

  it('are read from their configuration, which says what is wrong with it', async () => {
    const path = join(folder, 'config.yaml');
    const write = (text: string): Promise<void> => writeFile(path, `apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n${text}`);
    await write(`- {name: helper, matchImages: ['*.example.com'], defaultCacheDuration: 12h, apiVersion: ${apiVersion}, args: [get], env: [{name: A, value: b}]}\n`);
    expect(await readCredentialProviders(path)).toEqual([provider({ matchImages: ['*.example.com'], defaultCacheMs: 43_200_000, args: ['get'], env: { A: 'b' } })]);
    await write(`- {name: ../helper, matchImages: [x], defaultCacheDuration: 1s, apiVersion: ${apiVersion}}\n`);
    await expect(readCredentialProviders(path)).rejects.toThrow('provider name "../helper" is not the name of a program');
    await write('- {name: helper, matchImages: [x], defaultCacheDuration: 1s, apiVersion: v9}\n');
    await expect(readCredentialProviders(path)).rejects.toThrow('unsupported apiVersion "v9"');
    await write(`- {name: helper, matchImages: [], defaultCacheDuration: 1s, apiVersion: ${apiVersion}}\n`);
    await expect(readCredentialProviders(path)).rejects.toThrow('at least 1 matchImages entry must be specified');
  });
});
