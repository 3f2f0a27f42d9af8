import { type corev1 } from '@navarch/api';
import { parseImageReference, withDefaultTag } from './image-reference';
import { Keyring } from './keyring';

const digest = `sha256:${'a'.repeat(64)}`;

describe('parseImageReference', () => {
  it.each([
    ['nginx', { repository: 'docker.io/library/nginx' }],
    ['team/app:1.2', { repository: 'docker.io/team/app', tag: '1.2' }],
    ['localhost/app', { repository: 'localhost/app' }],
    ['registry:5000/a/b:t', { repository: 'registry:5000/a/b', tag: 't' }],
    [`registry.example/app:1@${digest}`, { repository: 'registry.example/app', tag: '1', digest }],
    ['index.docker.io/nginx', { repository: 'docker.io/library/nginx' }],
    ['[fd00::1]:5000/app', { repository: '[fd00::1]:5000/app' }],
  ])('%s', (image, expected) => {
    expect(parseImageReference(image)).toEqual(expected);
  });

  it.each(['', 'Nginx', 'a b', 'nginx:', 'nginx:-x', 'a//b', 'nginx@sha256:short', 'a'.repeat(64), 'registry:5000/'])('refuses %j', (image) => {
    expect(() => parseImageReference(image)).toThrow(/^couldn't parse image name/);
  });

  it('adds the default tag only where there is nothing', () => {
    expect(['nginx', 'nginx:1', `nginx@${digest}`, 'registry:5000/nginx'].map(withDefaultTag)).toEqual(['nginx:latest', 'nginx:1', `nginx@${digest}`, 'registry:5000/nginx:latest']);
  });
});

describe('Keyring', () => {
  const secret = (auths: Record<string, unknown>): corev1.Secret => ({ metadata: {}, data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') } });
  const users = (registry: string, repository: string): string[] => {
    const keyring = new Keyring();
    keyring.add(secret({ [registry]: { auth: Buffer.from('user:pass:word').toString('base64') } }));
    return keyring.lookup(repository).map(({ username, password }) => `${username}/${password}`);
  };

  it.each([
    ['https://index.docker.io/v1/', 'docker.io/library/nginx'], ['registry.example', 'registry.example/app'], ['registry.example:5000', 'registry.example:5000/app'],
    ['*.example', 'registry.example/app'], ['registry.example/team', 'registry.example/team/app'], ['https://registry.example/v2/', 'registry.example/app'],
  ])('%s is for %s', (registry, repository) => {
    expect(users(registry, repository)).toEqual(['user/pass:word']);
  });

  it.each([
    ['registry.example', 'registry.example:5000/app'],
    ['registry.example/team', 'registry.example/other/app'],
    ['*.example', 'a.b.example/app'],
    ['registry.example', 'docker.io/library/nginx'],
  ])('%s is not for %s', (registry, repository) => {
    expect(users(registry, repository)).toEqual([]);
  });

  it('tries the most specific path first, and reads the old format too', () => {
    const keyring = new Keyring();
    keyring.add(secret({ 'registry.example': { username: 'a', password: 'x' }, 'registry.example/team': { username: 'b', password: 'x' } }));
    keyring.add({ metadata: {}, data: { '.dockercfg': Buffer.from(JSON.stringify({ 'registry.example/team/app': { username: 'c', password: 'x' } })).toString('base64') } });
    expect(keyring.lookup('registry.example/team/app').map(({ username }) => username)).toEqual(['c', 'b', 'a']);
  });
});
