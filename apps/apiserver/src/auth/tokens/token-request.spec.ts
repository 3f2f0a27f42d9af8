import { generateKeyPairSync } from 'node:crypto';
import { core, type KubeObject, type authenticationv1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { aPod } from '@navarch/testing';
import { decodeJwt } from 'jose';
import { aUser } from '../../testing/admission-attributes';
import { ObjectTable } from '../../testing/object-table';
import { ServiceAccountTokens } from './service-account-tokens';
import { TokenRequests } from './token-request';

const now = Date.parse('2030-01-01T00:00:00Z');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const tokens = new ServiceAccountTokens('https://issuer', ['api'], { signingKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), verificationKeys: [] });
const table = new ObjectTable()
  .put(core.serviceaccounts, { metadata: { namespace: 'default', name: 'robot', uid: 'sa' } })
  .put(core.pods, aPod().named('web').withUid('p').onNode('n1').with(({ spec }) => (spec.serviceAccountName = 'robot')).build(), aPod().named('other').withUid('o').with(({ spec }) => (spec.serviceAccountName = 'default')).build())
  .put(core.secrets, { metadata: { namespace: 'default', name: 's', uid: 'secret-uid' } })
  .put(core.nodes, { metadata: { name: 'n1', uid: 'node-uid' } });
const requests = new TokenRequests({ tokens, objects: table.writer, clock: new FakeClock(now) });

interface Issued extends KubeObject {
  readonly spec: authenticationv1.TokenRequestSpec;
  readonly status: Required<authenticationv1.TokenRequestStatus>;
}

async function issue(spec: Partial<authenticationv1.TokenRequestSpec> | undefined, metadata: KubeObject['metadata'] = {}, name = 'robot'): Promise<Issued> {
  const object = { metadata, ...(spec === undefined ? {} : { spec }) } as KubeObject;
  return (await requests.issue({ user: aUser('jane'), namespace: 'default', name, object, dryRun: false, validate: () => undefined, warn: () => undefined })) as Issued;
}
const pod = (name: string, uid?: string): authenticationv1.BoundObjectReference => ({ apiVersion: 'v1', kind: 'Pod', name, ...(uid === undefined ? {} : { uid }) });
const year = 365 * 24 * 3600;

describe('TokenRequests', () => {
  it.each<{ reason: string; spec: Partial<authenticationv1.TokenRequestSpec> | undefined; answered: object; lives: number; claims: object }>([
    { reason: 'nothing asked for', spec: undefined, answered: { audiences: ['api'], expirationSeconds: 3600 }, lives: 3600, claims: {} },
    { reason: 'an audience and a time', spec: { audiences: ['vault'], expirationSeconds: 600 }, answered: { audiences: ['vault'], expirationSeconds: 600 }, lives: 600, claims: {} },
    { reason: 'a pod', spec: { boundObjectRef: pod('web', 'p') }, answered: { expirationSeconds: 3600 }, lives: 3600, claims: { pod: { name: 'web', uid: 'p' }, node: { name: 'n1', uid: 'node-uid' } } },
    { reason: 'a pod by name', spec: { boundObjectRef: pod('web') }, answered: {}, lives: 3600, claims: { pod: { name: 'web', uid: 'p' } } },
    { reason: 'a secret', spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 's' } }, answered: {}, lives: 3600, claims: { secret: { name: 's', uid: 'secret-uid' } } },
    { reason: 'a node', spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'node-uid' } }, answered: {}, lives: 3600, claims: { node: { name: 'n1', uid: 'node-uid' } } },
    { reason: 'the time of the ServiceAccount plug-in: more than asked for', spec: { expirationSeconds: 3607, boundObjectRef: pod('web') }, answered: { expirationSeconds: 3607 }, lives: year, claims: { warnafter: now / 1000 + 3607 } },
    { reason: 'that time, for somebody else', spec: { audiences: ['vault'], expirationSeconds: 3607, boundObjectRef: pod('web') }, answered: {}, lives: 3607, claims: {} },
    { reason: 'that time, without a pod', spec: { expirationSeconds: 3607 }, answered: {}, lives: 3607, claims: {} },
  ])('issues a token: $reason', async ({ spec, answered, lives, claims }) => {
    const { metadata, spec: asked, status } = await issue(spec);
    expect(metadata).toEqual({ name: 'robot', namespace: 'default', uid: 'sa', creationTimestamp: '2030-01-01T00:00:00Z' });
    expect(asked).toMatchObject(answered);
    expect(Date.parse(status.expirationTimestamp)).toBe(now + (asked.expirationSeconds ?? 0) * 1000);
    const token = decodeJwt(status.token);
    expect(token).toMatchObject({ sub: 'system:serviceaccount:default:robot', aud: asked.audiences, exp: now / 1000 + lives, 'kubernetes.io': { serviceaccount: { name: 'robot', uid: 'sa' }, ...claims } });
  });

  it('lets nobody ask for longer than it may, but extends what clients may never fetch anew', async () => {
    const limited = new TokenRequests({ tokens, objects: table.writer, clock: new FakeClock(now) }, { maxSeconds: 7200, extend: true });
    const warnings: string[] = [];
    const lives = async (expirationSeconds: number): Promise<number> => {
      const object = { metadata: {}, spec: { expirationSeconds, boundObjectRef: pod('web') } } as KubeObject;
      const { status } = (await limited.issue({ user: aUser('jane'), namespace: 'default', name: 'robot', object, dryRun: false, validate: () => undefined, warn: (text) => warnings.push(text) })) as Issued;
      return (decodeJwt(status.token).exp ?? 0) - now / 1000;
    };
    expect([await lives(8000), await lives(3607)]).toEqual([7200, year]);
    expect(warnings).toEqual(['requested expiration of 8000 seconds shortened to 7200 seconds']);
  });

  it.each<{ reason: string; spec?: Partial<authenticationv1.TokenRequestSpec>; metadata?: KubeObject['metadata']; name?: string; code: number; message: string }>([
    { reason: 'no account', name: 'none', code: 404, message: 'serviceaccounts "none" not found' },
    { reason: 'too short', spec: { expirationSeconds: 599 }, code: 422, message: 'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes' },
    { reason: 'too long', spec: { expirationSeconds: 2 ** 32 + 1 }, code: 422, message: 'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds' },
    { reason: 'another name', metadata: { name: 'x' }, code: 422, message: 'TokenRequest.authentication.k8s.io "robot" is invalid: metadata.name: Invalid value: "x": must match the service account name if specified' },
    { reason: 'another namespace', metadata: { namespace: 'x', name: 'x' }, code: 400, message: 'the namespace of the provided object does not match the namespace sent on the request' },
    { reason: 'another account of the name', metadata: { uid: 'x' }, code: 409, message: 'Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "robot": the UID in the token request (x) does not match the UID of the service account (sa)' },
    { reason: 'another\'s pod', spec: { boundObjectRef: pod('other') }, code: 400, message: 'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.' },
    { reason: 'a pod that is gone', spec: { boundObjectRef: pod('gone') }, code: 404, message: 'pods "gone" not found' },
    { reason: 'a former pod', spec: { boundObjectRef: pod('web', 'old') }, code: 409, message: 'Operation cannot be fulfilled on Pod "web": the UID in the bound object reference (old) does not match the UID in record. The object might have been deleted and then recreated' },
    { reason: 'a secret that is gone', spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 'gone' } }, code: 404, message: 'secrets "gone" not found' },
    { reason: 'a node that is gone', spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Node', name: 'gone' } }, code: 404, message: 'nodes "gone" not found' },
    { reason: 'another kind', spec: { boundObjectRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' } }, code: 400, message: 'cannot bind token to object of type apps/v1, Kind=Deployment' },
    { reason: 'a Pod of another group', spec: { boundObjectRef: { apiVersion: 'x.io/v1', kind: 'Pod', name: 'web' } }, code: 400, message: 'cannot bind token to object of type x.io/v1, Kind=Pod' },
  ])('refuses $reason', async ({ spec = {}, metadata, name, code, message }) => {
    await expect(issue(spec, metadata, name)).rejects.toMatchObject({ code, message });
  });
});
