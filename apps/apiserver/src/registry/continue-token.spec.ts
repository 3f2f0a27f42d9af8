import { decodeContinue, encodeContinue } from './continue-token';

const token = (v: string, rv: number, start: string): string => Buffer.from(JSON.stringify({ v, rv, start })).toString('base64url');

it('reads what it has written', () => {
  for (const start of ['default/a\0', 'a\0', 'ns/x:y%\0']) expect(decodeContinue(encodeContinue({ version: 2047, start }))).toEqual({ version: 2047, start });
});

// The cases of upstream's TestDecodeContinue (pkg/storage/continue_test.go).
it.each<[what: string, text: string, start: string | RegExp]>([
  ['a key', token('meta.k8s.io/v1', 1, 'key'), 'key'],
  ['a key after a slash', token('meta.k8s.io/v1', 1, '/key'), 'key'],
  ['the root', token('meta.k8s.io/v1', 1, '/'), ''],
  ['the state of now', token('meta.k8s.io/v1', -1, 'key'), 'key'],
  ['no version', token('', 1, 'key'), /does not recognize this encoded version $/],
  ['another version', token('v1', 1, 'key'), /does not recognize this encoded version v1$/],
  ['no resourceVersion', token('meta.k8s.io/v1', 0, 'key'), /incorrect encoded start resourceVersion/],
  ['no start', token('meta.k8s.io/v1', 1, ''), /encoded start key empty/],
  ['what is above', token('meta.k8s.io/v1', 1, '../key'), /continue key is not valid: \.\.\/key$/],
  ['what is here', token('meta.k8s.io/v1', 1, './key'), /continue key is not valid: \.\/key$/],
  ['what is above from here', token('meta.k8s.io/v1', 1, './../key'), /continue key is not valid/],
  ['what is above in the end', token('meta.k8s.io/v1', 1, 'key/../..'), /continue key is not valid/],
  ['what is no JSON', 'invalidContinueToken', /continue key is not valid/],
])('of %s', (_what, text, start) => {
  if (typeof start === 'string') expect(decodeContinue(text).start).toBe(start);
  else expect(() => decodeContinue(text)).toThrow(start);
});
