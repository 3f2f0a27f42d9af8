import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { core, type corev1 } from '@navarch/api';
import { legacyTokenSubject } from '@navarch/pki';
import { jwtVerify } from 'jose';
import { ControllerWorld } from '../../testing/controller-world';
import { serviceAccountTokenController } from './controller';
import { needsContent } from './token-secret';

const directory = mkdtempSync(join(tmpdir(), 'navarch-sa-token-'));
const keyFile = join(directory, 'sa.key');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
writeFileSync(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }));
const ca = readFileSync(__filename, 'utf8');

afterAll(() => rmSync(directory, { recursive: true }));

const tokenSecret = (name: string, more: Partial<corev1.Secret> = {}, uid?: string): corev1.Secret => ({
  metadata: { name, namespace: 'default', annotations: { 'kubernetes.io/service-account.name': 'robot', ...(uid === undefined ? {} : { 'kubernetes.io/service-account.uid': uid }) } },
  type: 'kubernetes.io/service-account-token', ...more,
});
const account: corev1.ServiceAccount = { metadata: { name: 'robot', namespace: 'default' } };
const newWorld = (): ControllerWorld => new ControllerWorld({ serviceAccountPrivateKeyFile: keyFile, rootCaFile: __filename });
const decoded = ({ data = {} }: corev1.Secret, key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();

/** Signing happens on threads: a turn of the loop does not wait for them. */
async function untilHas(world: ControllerWorld, name: string, key: string): Promise<corev1.Secret> {
  for (;;) {
    await world.settle();
    const secret = world.get(core.secrets, name);
    if (secret.data?.[key] !== undefined) return secret;
  }
}

describe('a Secret for the token of a service account', () => {
  it('is filled with a token that is signed, the CA and the namespace', async () => {
    const world = newWorld();
    const { uid = '' } = world.create(core.serviceaccounts, account).metadata;
    world.create(core.secrets, tokenSecret('robot-token'));
    await world.run(serviceAccountTokenController);
    const secret = await untilHas(world, 'robot-token', 'token');
    expect(secret.metadata.annotations).toEqual({ 'kubernetes.io/service-account.name': 'robot', 'kubernetes.io/service-account.uid': uid });
    expect([decoded(secret, 'namespace'), decoded(secret, 'ca.crt')]).toEqual(['default', ca]);
    const { payload } = await jwtVerify(decoded(secret, 'token'), createPublicKey(privateKey));
    expect(legacyTokenSubject(payload)).toEqual({ namespace: 'default', secretName: 'robot-token', serviceAccount: { name: 'robot', uid } });
    expect(payload.exp).toBeUndefined();
    await world.stop();
  });

  it('that comes later is filled as well, once, and keeps what its maker put in', async () => {
    const world = newWorld();
    world.create(core.serviceaccounts, account);
    await world.run(serviceAccountTokenController);
    world.create(core.secrets, tokenSecret('mine', { data: { token: Buffer.from('own').toString('base64'), namespace: Buffer.from('elsewhere').toString('base64'), extra: 'eA==' } }));
    world.create(core.secrets, { metadata: { name: 'other', namespace: 'default' }, type: 'Opaque' });
    const secret = await untilHas(world, 'mine', 'ca.crt');
    expect([decoded(secret, 'token'), decoded(secret, 'namespace'), decoded(secret, 'extra'), decoded(secret, 'ca.crt')]).toEqual(['own', 'elsewhere', 'x', ca]);
    expect(needsContent(secret, ca)).toBe(false);
    expect(world.get(core.secrets, 'other').data).toBeUndefined();
    const { version } = world.api;
    world.change(core.secrets, 'mine', ({ metadata }) => (metadata.labels = { a: 'b' }));
    await world.settle();
    expect(world.api.version - version).toBe(1024);
    await world.stop();
  });

  it('is no longer referred to when it is gone', async () => {
    const world = newWorld();
    world.create(core.serviceaccounts, { ...account, secrets: [{ name: 'robot-token' }, { name: 'other' }] });
    world.create(core.secrets, tokenSecret('robot-token'));
    await world.run(serviceAccountTokenController);
    await untilHas(world, 'robot-token', 'token');
    world.api.delete(core.secrets, 'default', 'robot-token');
    await world.settle();
    expect(world.get(core.serviceaccounts, 'robot').secrets).toEqual([{ name: 'other' }]);
    await world.stop();
  });

  it('gets the CA of today', () => {
    const full = tokenSecret('x', { data: { 'token': 'eA==', 'namespace': 'eA==', 'ca.crt': Buffer.from('old').toString('base64') } }, 'u');
    expect([needsContent(full, 'old'), needsContent(full, 'new')]).toEqual([false, true]);
  });

  it('goes with its account, or when its account is not there or another', async () => {
    const world = newWorld();
    world.create(core.serviceaccounts, account);
    world.create(core.secrets, tokenSecret('robot-token'));
    world.create(core.secrets, tokenSecret('of-the-last', {}, 'another-uid'));
    await world.run(serviceAccountTokenController);
    await untilHas(world, 'robot-token', 'token');
    expect(world.all(core.secrets).map(({ metadata }) => metadata.name)).toEqual(['robot-token']);
    world.api.delete(core.serviceaccounts, 'default', 'robot');
    await world.settle();
    expect(world.all(core.secrets)).toEqual([]);
    world.create(core.secrets, tokenSecret('too-late'));
    await world.settle();
    expect(world.all(core.secrets)).toEqual([]);
    await world.stop();
  });

  it('of an account that was made anew under the same name goes too', async () => {
    const world = newWorld();
    world.create(core.serviceaccounts, account);
    world.create(core.secrets, tokenSecret('robot-token'));
    await world.run(serviceAccountTokenController);
    await untilHas(world, 'robot-token', 'token');
    world.api.delete(core.serviceaccounts, 'default', 'robot');
    world.create(core.serviceaccounts, account);
    world.create(core.secrets, tokenSecret('new-token'));
    await untilHas(world, 'new-token', 'token');
    expect(world.all(core.secrets).map(({ metadata }) => metadata.name)).toEqual(['new-token']);
    await world.stop();
  });
});
