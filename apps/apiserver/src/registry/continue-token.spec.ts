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

// What Go's `base64` and `json` say of what they cannot read.
const json = (text: string): string => Buffer.from(text).toString('base64url');
it.each<[what: string, text: string, why: string]>([
  ['a digit of no base64', 'ab+d', 'illegal base64 data at input byte 2'],
  ['padding', 'eyJ2Ijo=', 'illegal base64 data at input byte 7'],
  ['letters of another alphabet, by bytes', 'aä\u20ac', 'illegal base64 data at input byte 1'],
  ['a digit too many', 'YWJjY', 'illegal base64 data at input byte 4'],
  ['no JSON', 'bad', "invalid character 'm' looking for beginning of value"],
  ['no text', Buffer.from([0xff]).toString('base64url'), "invalid character 'ÿ' looking for beginning of value"],
  ['a letter of two bytes', json('é'), "invalid character 'Ã' looking for beginning of value"],
  ['half an object', json('{"v":'), 'unexpected end of JSON input'],
  ['a list', json('[]'), 'json: cannot unmarshal array into Go value of type storage.continueToken'],
  ['a text', json('"a"'), 'json: cannot unmarshal string into Go value of type storage.continueToken'],
  ['a version that is a number', json('{"v":1}'), 'json: cannot unmarshal number into Go struct field continueToken.v of type string'],
  ['a resourceVersion that is a text', json('{"v":"meta.k8s.io/v1","rv":"1"}'), 'json: cannot unmarshal string into Go struct field continueToken.rv of type int64'],
  ['a broken resourceVersion', json('{"rv":1.5}'), 'json: cannot unmarshal number 1.5 into Go struct field continueToken.rv of type int64'],
  ['nothing', json('null'), 'server does not recognize this encoded version '],
])('says why of %s', (_what, text, why) => {
  expect(() => decodeContinue(text)).toThrow(new Error(`invalid continue token: continue key is not valid: ${why}`));
});

it('takes every version below zero for now, nulls for nothing, and letters for what they are', () => {
  expect(decodeContinue(token('meta.k8s.io/v1', -7, 'ä\ud83d\ude00'))).toEqual({ version: -1, start: 'ä\ud83d\ude00' });
  expect(() => decodeContinue(json('{"v":"meta.k8s.io/v1","rv":null}'))).toThrow('incorrect encoded start resourceVersion');
});
