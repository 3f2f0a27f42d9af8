import { identity, type Transformer } from '@navarch/storage';
import { parseEncryptionConfig } from './encryption-config';
import { transformersBy } from './transformers';

const secret = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');
const file = (resources: unknown, more: object = {}): string => JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources, ...more });
const providers = (...list: unknown[]): string => file([{ resources: ['secrets'], providers: list }]);
const aesgcm = (name: string): object => ({ aesgcm: { keys: [{ name, secret: secret(32) }] } });
const kms = (more: object): string => providers({ kms: { apiVersion: 'v2', name: 'vault', endpoint: 'unix:///run/kms.sock', ...more } });

describe('EncryptionConfiguration', () => {
  it('is read with all its providers, in order', () => {
    const [entry] = parseEncryptionConfig(`
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets, deployments.apps, '*.example.com']
  providers:
  - kms: { apiVersion: v2, name: vault, endpoint: unix:///run/kms.sock, timeout: 1500ms }
  - aescbc: { keys: [{ name: one, secret: ${secret(24)} }, { name: two, secret: ${secret(16)} }] }
  - secretbox: { keys: [{ name: box, secret: ${secret(32)} }] }
  - identity: {}
`);
    expect(entry).toEqual({
      resources: ['secrets', 'deployments.apps', '*.example.com'],
      providers: [
        { kind: 'kms', name: 'vault', endpoint: 'unix:///run/kms.sock', timeoutMs: 1500 },
        { kind: 'aescbc', keys: [{ name: 'one', secret: Buffer.alloc(24, 7) }, { name: 'two', secret: Buffer.alloc(16, 7) }] },
        { kind: 'secretbox', keys: [{ name: 'box', secret: Buffer.alloc(32, 7) }] },
        { kind: 'identity' },
      ],
    });
  });

  it.each<[string, string, string]>([
    ['another kind', file([], { kind: 'Policy' }), 'no kind "Policy" is registered for version "apiserver.config.k8s.io/v1"'],
    ['no mapping', '[]', 'the file: must be a mapping'],
    ['no resources', file([]), 'resources: Required value'],
    ['an unknown field', file([], { resource: [] }), 'strict decoding error: unknown field "resource"'],
    ['an unknown field far in', providers({ aesgcm: { keys: [{ name: 'a', secret: secret(32), size: 1 }] } }), 'unknown field "resources[0].providers[0].aesgcm.keys[0].size"'],
    ['a field twice', 'apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nkind: EncryptionConfiguration', 'unique'],
    ['no provider', providers({}), 'resources[0].providers[0]: Invalid value: provider does not contain any of the expected providers'],
    ['two providers in one', providers({ identity: {}, ...aesgcm('a') }), 'more than one provider specified in a single element'],
    ['no keys', providers({ aescbc: { keys: [] } }), 'resources[0].providers[0].aescbc.keys: Required value'],
    ['a key without a name', providers({ aescbc: { keys: [{ secret: secret(32) }] } }), 'keys[0].name: Required value'],
    ['a short secret', providers({ secretbox: { keys: [{ name: 'a', secret: secret(16) }] } }), 'secret is not of the expected length, got 16, expected one of [32]'],
    ['a secret that is not base64', providers({ aesgcm: { keys: [{ name: 'a', secret: 'p@ssw0rd!' }] } }), 'secrets must be base64 encoded'],
    ['KMS v1', kms({ apiVersion: 'v1' }), 'KMS v1 is not served: use apiVersion: v2'],
    ['a KMS over TCP', kms({ endpoint: 'tcp://10.0.0.1:80' }), 'unsupported scheme, should be unix:///path'],
    ['a KMS with a wrong time', kms({ timeout: 'soon' }), 'timeout: Invalid value: should be a positive value'],
    ['a KMS with a cache', kms({ cachesize: 5 }), 'cachesize is not supported in v2'],
    ['a KMS twice', file([0, 1].map(() => ({ resources: ['secrets'], providers: [{ kms: { apiVersion: 'v2', name: 'vault', endpoint: 'unix:///run/kms.sock' } }] }))), 'invalid KMS provider name "vault": it must be unique'],
    ['a star alone', file([{ resources: ['*'], providers: [{ identity: {} }] }]), "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"],
    ['capital letters', file([{ resources: ['Secrets'], providers: [{ identity: {} }] }]), 'capital letters'],
    ['a star within', file([{ resources: ['secret*'], providers: [{ identity: {} }] }]), 'must be of the form'],
    ['events by their other group', file([{ resources: ['*.events.k8s.io'], providers: [{ identity: {} }] }]), "use 'events' instead"],
    ['a resource twice', file([{ resources: ['secrets', 'secrets'], providers: [{ identity: {} }] }]), 'the resource is named twice'],
    ['what masks another', file([{ resources: ['secrets', '*.'], providers: [{ identity: {} }] }]), "using overlapping resources such as 'secrets' and '*.' in the same resource list"],
  ])('is refused for %s', (_reason, text, message) => {
    expect(() => parseEncryptionConfig(text)).toThrow(message);
  });

  it('never shows a secret in an error', () => {
    expect(() => parseEncryptionConfig(providers({ aesgcm: { keys: [{ name: 'a', secret: 'c2hvcnQ=' }] } }))).toThrow(expect.not.objectContaining({ message: expect.stringContaining('c2hvcnQ') as string }) as Error);
  });
});

describe('the transformers of a key', () => {
  const of = transformersBy(parseEncryptionConfig(file([
    { resources: ['secrets'], providers: [aesgcm('secrets')] },
    { resources: ['events', 'widgets.example.com'], providers: [{ identity: {} }] },
    { resources: ['*.example.com', '*.'], providers: [aesgcm('group'), { identity: {} }] },
    { resources: ['*.*'], providers: [aesgcm('all'), { identity: {} }] },
    { resources: ['secrets'], providers: [aesgcm('more')] },
  ])), () => identity);
  const names = (key: string): string[] | undefined => of(key)?.map(({ name }: Transformer) => name);

  it.each<[string, string[] | undefined]>([
    ['/registry/core/secrets/default/a', ['aesgcm:v1:secrets', 'aesgcm:v1:more']],
    ['/registry/core/events/default/a', ['-']],
    ['/registry/core/configmaps/default/a', ['aesgcm:v1:group', '-']],
    ['/registry/example.com/widgets/default/a', ['-']],
    ['/registry/example.com/gadgets/a', ['aesgcm:v1:group', '-']],
    ['/registry/apps/deployments/default/a', ['aesgcm:v1:all', '-']],
    ['/navarch/epoch', undefined],
  ])('of %s are the most specific ones', (key, expected) => {
    expect(names(key)).toEqual(expected);
  });

  it('are none where nothing is configured', () => {
    expect(transformersBy(parseEncryptionConfig(providers({ identity: {} })), () => identity)('/registry/core/configmaps/default/a')).toBeUndefined();
  });
});
