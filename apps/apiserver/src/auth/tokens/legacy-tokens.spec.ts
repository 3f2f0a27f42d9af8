import { generateKeyPairSync } from 'node:crypto';
import { core, type corev1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { legacyTokenClaims } from '@navarch/pki';
import { SignJWT } from 'jose';
import { legacyTokenTracking } from '../../bootstrap/legacy-token-tracking';
import { ObjectTable } from '../../testing/object-table';
import { LegacyTokens } from './legacy-tokens';
import { ServiceAccountTokens } from './service-account-tokens';

const now = Date.parse('2030-01-02T03:04:05Z');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const tokens = new ServiceAccountTokens('https://issuer', ['api'], { signingKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), verificationKeys: [] });
const subject = { namespace: 'default', secretName: 'robot-token', serviceAccount: { name: 'robot', uid: 'u1' } };
const sign = (key = privateKey): Promise<string> => new SignJWT(legacyTokenClaims(subject)).setProtectedHeader({ alg: 'ES256' }).sign(key);

interface World {
  readonly table: ObjectTable;
  readonly legacy: LegacyTokens;
  readonly token: string;
}

async function world(): Promise<World> {
  const token = await sign();
  const table = new ObjectTable().put(core.serviceaccounts, { metadata: { namespace: 'default', name: 'robot', uid: 'u1' } });
  putSecret(table, token);
  return { table, token, legacy: new LegacyTokens({ tokens, reader: table, writer: table.writer, clock: new FakeClock(now), log: silentLogger }) };
}

function putSecret(table: ObjectTable, token: string, metadata: Partial<corev1.Secret['metadata']> = {}): void {
  table.put(core.secrets, { metadata: { namespace: 'default', name: 'robot-token', ...metadata }, type: 'kubernetes.io/service-account-token', data: { token: Buffer.from(token).toString('base64') } });
}

describe('a token in a Secret', () => {
  it('is its service account, and the day of its use is noted', async () => {
    const { table, legacy, token } = await world();
    expect(await legacy.validate(token, ['api', 'x'])).toEqual({ namespace: 'default', serviceAccount: { name: 'robot', uid: 'u1' }, audiences: ['api'], credentialId: undefined });
    expect(table.get(core.secrets, 'default', 'robot-token')?.metadata.labels).toEqual({ 'kubernetes.io/legacy-token-last-used': '2030-01-02' });
  });

  it.each<{ reason: string; change: (world: World) => void; error: string }>([
    { reason: 'without its Secret', change: ({ table }) => table.remove(core.secrets, 'default', 'robot-token'), error: 'token has been invalidated' },
    { reason: 'whose Secret goes', change: ({ table, token }) => putSecret(table, token, { deletionTimestamp: '2030-01-02T00:00:00Z' }), error: 'token has been invalidated' },
    { reason: 'that was replaced', change: ({ table }) => putSecret(table, 'another'), error: "token does not match server's copy" },
    { reason: 'that was marked as unused', change: ({ table, token }) => putSecret(table, token, { labels: { 'kubernetes.io/legacy-token-invalid-since': '2029-01-01' } }), error: 'has been marked invalid' },
    { reason: 'without its account', change: ({ table }) => table.remove(core.serviceaccounts, 'default', 'robot'), error: 'serviceaccounts "robot" not found' },
    { reason: 'whose account was made anew', change: ({ table }) => table.put(core.serviceaccounts, { metadata: { namespace: 'default', name: 'robot', uid: 'u2' } }), error: 'ServiceAccount UID (u2) does not match claim (u1)' },
    { reason: 'whose account goes', change: ({ table }) => table.put(core.serviceaccounts, { metadata: { namespace: 'default', name: 'robot', uid: 'u1', deletionTimestamp: '2030-01-02T00:00:00Z' } }), error: 'ServiceAccount default/robot has been deleted' },
  ])('is refused $reason', async ({ change, error }) => {
    const given = await world();
    change(given);
    await expect(given.legacy.validate(given.token, ['api'])).rejects.toThrow(error);
  });

  it('is refused with a signature of somebody else, or for somebody else', async () => {
    const { table, legacy, token } = await world();
    await expect(legacy.validate(token, ['vault'])).rejects.toThrow('token audiences ["api"] is invalid for the target audiences ["vault"]');
    const forged = await sign(stranger);
    putSecret(table, forged);
    await expect(legacy.validate(forged, ['api'])).rejects.toThrow('go-jose/go-jose: error in cryptographic primitive');
  });

  it('is looked for once more before it is refused', async () => {
    const { table, legacy, token } = await world();
    const secret = table.get(core.secrets, 'default', 'robot-token') as corev1.Secret;
    table.remove(core.secrets, 'default', 'robot-token');
    table.late.push(() => table.put(core.secrets, secret));
    expect(await legacy.validate(token, ['api'])).toMatchObject({ namespace: 'default' });
  });

  it.each(['', 'a.b.c', `x.${Buffer.from('{"iss":"https://issuer"}').toString('base64url')}.y`])('is not %p', async (other) => {
    expect(await (await world()).legacy.validate(other, ['api'])).toBeUndefined();
  });
});

describe('the note of when tracking began', () => {
  const name = 'kube-apiserver-legacy-service-account-token-tracking';
  it.each([[undefined, '2030-01-02'], ['2029-05-06', '2029-05-06'], ['2031-01-01', '2030-01-02'], ['sometime', '2030-01-02']])('of %p becomes %s', async (since, expected) => {
    const table = new ObjectTable();
    if (since !== undefined) table.put(core.configmaps, { metadata: { namespace: 'kube-system', name }, data: { since } });
    await legacyTokenTracking(table.writer, new FakeClock(now)).run(new AbortController().signal);
    expect(table.get(core.configmaps, 'kube-system', name)?.data).toEqual({ since: expected });
  });
});
