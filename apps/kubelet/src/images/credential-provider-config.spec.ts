import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentialProviderFiles, readCredentialProviders } from './credential-provider-config';

const apiVersion = 'credentialprovider.kubelet.k8s.io/v1';
const helper = { name: 'helper', matchImages: ['*.example.com'], defaultCacheDuration: '12h', apiVersion };
const tokenAttributes = { serviceAccountTokenAudience: 'registry', cacheType: 'Token', requireServiceAccount: true };

describe('the configuration of credential providers', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'credentials-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = async (name: string, ...providers: object[]): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify({ apiVersion: 'kubelet.config.k8s.io/v1', kind: 'CredentialProviderConfig', providers }));
    return path;
  };

  it('names programs, and what each is told', async () => {
    const path = await write('config.yaml', { ...helper, args: ['get'], env: [{ name: 'A', value: 'b' }] }, { ...helper, name: 'other', tokenAttributes: { ...tokenAttributes, optionalServiceAccountAnnotationKeys: ['example.com/role'] } });
    const common = { matchImages: ['*.example.com'], defaultCacheMs: 43_200_000, apiVersion };
    expect(await readCredentialProviders(path)).toEqual([
      { ...common, name: 'helper', args: ['get'], env: { A: 'b' } },
      { ...common, name: 'other', args: [], env: {}, token: { audience: 'registry', cacheType: 'Token', requireServiceAccount: true, requiredAnnotationKeys: [], optionalAnnotationKeys: ['example.com/role'] } },
    ]);
  });

  it('may be a directory, whose files are read by name and name no program twice', async () => {
    await write('b.json', { ...helper, name: 'second' });
    await write('a.yml', { ...helper, name: 'first' });
    await writeFile(join(folder, 'README'), 'of no matter');
    await mkdir(join(folder, 'c.yaml'));
    expect((await readCredentialProviders(folder)).map(({ name }) => name)).toEqual(['first', 'second']);
    expect(await credentialProviderFiles(folder)).toEqual([join(folder, 'a.yml'), join(folder, 'b.json')]);
    await write('d.yaml', { ...helper, name: 'first' });
    await expect(readCredentialProviders(folder)).rejects.toThrow('duplicate provider name "first" found in configuration file(s)');
    await expect(readCredentialProviders(join(folder, 'c.yaml'))).rejects.toThrow(/^no configuration files found in directory ".*c.yaml"$/);
  });

  it.each<[string, object[], string]>([
    ['no provider', [], 'providers: Required value: at least 1 item in plugins is required'],
    ['a path for a name', [{ ...helper, name: '../helper' }], `providers.name: Invalid value: "../helper": provider name cannot contain '/'`],
    ['no name', [{ ...helper, name: undefined }], 'providers.name: Invalid value: "": provider name cannot be empty'],
    ['an unknown version', [{ ...helper, apiVersion: 'v9' }], 'providers.apiVersion: Unsupported value: "v9": supported values: "credentialprovider.kubelet.k8s.io/v1", "credentialprovider.kubelet.k8s.io/v1alpha1", "credentialprovider.kubelet.k8s.io/v1beta1"'],
    ['neither images nor a duration', [{ ...helper, matchImages: [], defaultCacheDuration: undefined }], '[providers.matchImages: Required value: at least 1 item in matchImages is required, providers.defaultCacheDuration: Required value]'],
    ['a duration below nought', [{ ...helper, defaultCacheDuration: '-1s' }], 'providers.defaultCacheDuration: Invalid value: "-1s": defaultCacheDuration must be greater than or equal to 0'],
    ['tokens without an audience and more', [{ ...helper, tokenAttributes: {} }], '[providers.tokenAttributes.serviceAccountTokenAudience: Required value, providers.tokenAttributes.requireServiceAccount: Required value, providers.tokenAttributes.cacheType: Required value: cacheType is required to be set when tokenAttributes is specified. Supported values are: ServiceAccount, Token]'],
    ['tokens for an older version', [{ ...helper, apiVersion: 'credentialprovider.kubelet.k8s.io/v1beta1', tokenAttributes }], 'providers.tokenAttributes: Forbidden: tokenAttributes is only supported for credentialprovider.kubelet.k8s.io/v1 API version'],
    ['tokens kept in an unknown way', [{ ...helper, tokenAttributes: { ...tokenAttributes, cacheType: 'Pod' } }], 'providers.tokenAttributes.cacheType: Unsupported value: "Pod": supported values: "ServiceAccount", "Token"'],
    ['needed annotations of accounts that are not needed', [{ ...helper, tokenAttributes: { ...tokenAttributes, requireServiceAccount: false, requiredServiceAccountAnnotationKeys: ['a'] } }], 'providers.tokenAttributes.requiredServiceAccountAnnotationKeys: Forbidden: requireServiceAccount cannot be false when requiredServiceAccountAnnotationKeys is set'],
    ['annotations that are needed and not', [{ ...helper, tokenAttributes: { ...tokenAttributes, requiredServiceAccountAnnotationKeys: ['b', 'a', 'a'], optionalServiceAccountAnnotationKeys: ['a'] } }], '[providers.tokenAttributes.requiredServiceAccountAnnotationKeys: Duplicate value: "a", providers.tokenAttributes: Invalid value: ["a"]: annotation keys cannot be both required and optional]'],
  ])('is refused with %s', async (_what, providers, message) => {
    await expect(readCredentialProviders(await write('config.yaml', ...providers))).rejects.toThrow(new Error(`failed to validate credential provider config: ${message}`));
  });

  it('is refused when it is something else', async () => {
    await writeFile(join(folder, 'pod.yaml'), 'apiVersion: v1\nkind: Pod\n');
    await expect(readCredentialProviders(join(folder, 'pod.yaml'))).rejects.toThrow('it holds no CredentialProviderConfig');
  });
});
