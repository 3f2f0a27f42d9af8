import fc from 'fast-check';
import { describeMessage } from './describe-message';

/** Not a word that a field's name or shape could make. */
const secret = fc.stringMatching(/^[A-Z][a-z]{3}[0-9]{6}[A-Za-z0-9]{4,40}$/);
const plain = fc.constantFrom('id', 'namespace', 'name', 'options', 'container', 'items', 'value');
const fieldOfASecret = fc.constantFrom('token', 'jwt', 'password', 'auth', 'identityToken', 'registryToken', 'clientKey', 'seed', 'authorization', 'command', 'args', 'cmd', 'envs', 'annotations', 'url', 'secrets', 'volumeContext', 'publishContext');

/** A secret, in one of the ways that our contracts carry them. */
const carried = fc.tuple(fieldOfASecret, secret).chain(([name, value]) => {
  const given: Record<string, unknown> = {
    command: ['sh', '-c', `login ${value}`], args: [`--password=${value}`], cmd: ['mysql', `-p${value}`], envs: [{ key: 'PASSWORD', value }],
    annotations: { 'example.com/token': value }, secrets: { user: value }, volumeContext: { share: value }, publishContext: { target: value }, url: `http://127.0.0.1:10250/exec/${value}?again=${value}`,
  };
  const object = Buffer.from(JSON.stringify({ kind: 'Secret', metadata: { name: 'db' }, data: { password: value }, stringData: value, status: { token: value } }));
  return fc.constantFrom<[unknown, string]>(
    [{ [name]: given[name] ?? value }, value],
    [{ object }, value],
    [{ patch: Buffer.from(`{"data":{"x":"${value}"}}`) }, value],
    [{ stdin: Buffer.from(value) }, value],
    [{ [name]: Buffer.from(value) }, value],
  );
});

/** Put somewhere in a message, as deep as messages are. */
const message = fc.tuple(carried, fc.array(plain, { maxLength: 5 }), fc.boolean()).map(([[inner, value], path, listed]) =>
  [path.reduce<unknown>((at, name, depth) => ({ [name]: listed && depth % 2 === 0 ? [at, at] : at, version: 7n }), inner), value] as const);

describe('describeMessage', () => {
  it('never shows a secret, however deep it is', () => {
    fc.assert(fc.property(message, ([given, value]) => !JSON.stringify(describeMessage(given)).includes(value)), { numRuns: 2_000 });
  });

  it('says of what it hides how much there is, and of an address whose it is', () => {
    expect(describeMessage({ command: ['sh', '-c', 'x'], envs: [{}, {}], annotations: { a: 'b' }, url: 'http://127.0.0.1:10250/exec/abc' })).toEqual({
      command: '(3 hidden)',
      envs: '(2 hidden)',
      annotations: '(1 hidden)',
      url: 'http://127.0.0.1:10250/…',
    });
    expect(describeMessage({ url: 'no address' })).toEqual({ url: '(hidden)' });
  });
});
