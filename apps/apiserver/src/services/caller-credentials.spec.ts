import { makeTempDir } from '@navarch/testing';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { KubeconfigCredentials, userFor } from './caller-credentials';

const named = (...names: string[]): { name: string; user: { token: string } }[] => names.map((name) => ({ name, user: { token: name } }));

it.each([
  ['hook.team.svc:443', ['*', 'hook.team.svc', 'hook.team.svc:443'], 'hook.team.svc:443'],
  ['hook.team.svc:443', ['*', 'hook.team.svc'], 'hook.team.svc'],
  ['hook.team.svc:8443', ['*', 'hook.team.svc', '*.team.svc:8443'], '*.team.svc:8443'],
  ['hook.team.svc:8443', ['hook.team.svc', '*'], '*'],
  ['a.b.example.com:443', ['*.example.com', '*.b.example.com'], '*.b.example.com'],
  ['a.b.example.com:443', ['*.example.com', '*.com:443'], '*.com:443'],
  ['example.com:443', ['*.example.com'], undefined],
])('%s has of the users %j that of %s', (target, users, expected) => {
  expect(userFor(target, { users: named(...users) }).token).toBe(expected);
});

it('falls back to the user of the current context, and to nobody', () => {
  const contexts = [{ name: 'c', context: { cluster: '', user: 'u' } }];
  expect(userFor('a:443', { users: named('u'), contexts, 'current-context': 'c' }).token).toBe('u');
  expect(userFor('a:443', { users: named('u'), contexts })).toEqual({});
});

it('reads the file once, and what its users have in files each time', async () => {
  await using directory = await makeTempDir();
  const [file, token] = [join(directory.path, 'kubeconfig'), join(directory.path, 'token')];
  const credentials = new KubeconfigCredentials(file);
  await expect(credentials.of('a:443')).rejects.toThrow('ENOENT');
  await writeFile(file, stringify({ users: [{ name: 'a', user: { tokenFile: 'token', 'client-key-data': Buffer.from('key').toString('base64') } }] }));
  await writeFile(token, 'old\n');
  expect(await credentials.of('a:443')).toEqual({ authorization: 'Bearer old', tls: { key: Buffer.from('key') } });
  await writeFile(token, 'new');
  expect((await credentials.of('a:443')).authorization).toBe('Bearer new');
});
