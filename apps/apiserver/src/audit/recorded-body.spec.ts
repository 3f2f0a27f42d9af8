import { exactJsonText, yamlOf } from '@navarch/apimachinery';
import { encodeProtobuf } from '../codec/protobuf-body';
import { recordedBody } from './recorded-body';

const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', managedFields: [{ manager: 'm' }] }, data: { b: 'c' } };

it.each<[string, Buffer | string | undefined]>([
  ['JSON', JSON.stringify(map)],
  ['indented JSON', JSON.stringify(map, undefined, 2)],
  ['YAML', yamlOf(map)],
  ['protobuf', encodeProtobuf({ group: '', version: 'v1', kind: 'ConfigMap' }, Buffer.from(JSON.stringify(map)))],
])('shows what was sent in %s', (_format, bytes) => {
  const body = Buffer.from(bytes ?? '');
  expect(recordedBody(body, false)).toMatchObject(map);
  expect(recordedBody(body, true)).toMatchObject({ metadata: { name: 'a' }, data: { b: 'c' } });
  expect(JSON.stringify(recordedBody(body, true))).not.toContain('managedFields');
});

it.each(['{"a":9223372036854775807}', 'a: 9223372036854775807\nmetadata: {}'])('keeps whole numbers: %j', (text) => {
  expect(exactJsonText(recordedBody(Buffer.from(text), false))).toContain('"a":9223372036854775807');
});

it('reads answers of any size, and nothing that is too deep', () => {
  expect(recordedBody(Buffer.from(JSON.stringify({ a: 'x'.repeat(4 * 2 ** 20) })), false)).toHaveProperty('a');
  const deep = `{"n":12345678901234567,"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  expect(recordedBody(Buffer.from(deep), false)).toMatchObject({ kind: 'Unreadable' });
});

it('leaves managed fields out of lists and rows', () => {
  for (const object of [{ items: [map] }, { rows: [{ object: map }] }]) expect(JSON.stringify(recordedBody(Buffer.from(JSON.stringify(object)), true))).not.toContain('managedFields');
});

it.each(['{"a":', 'k8s\0nonsense', '- a'])('notes that there was something: %j', (text) => {
  expect(recordedBody(Buffer.from(text), false)).toEqual({ apiVersion: 'audit.k8s.io/v1', kind: 'Unreadable', bytes: text.length });
});

it('notes nothing of nothing', () => {
  expect([recordedBody(undefined, true), recordedBody(Buffer.alloc(0), true)]).toEqual([undefined, undefined]);
});
