import { decodeValue, encodeValue } from './value-header';

describe('the header of a stored value', () => {
  it('carries position and schema generation in front of the JSON', () => {
    const value = encodeValue(17, 3, Buffer.from('{"a":1}'));
    expect(value.toString()).toBe('n1 17 3 -\n{"a":1}');
    expect(decodeValue(value)).toEqual({ position: 17, schemaGeneration: 3, json: Buffer.from('{"a":1}') });
  });

  it.each(['{"a":1}', '', 'n', 'n1 ', 'n1 17 3 -', 'n1 x 3 -\n{}', 'n1 1 -1 -\n{}', `n1 ${'1'.repeat(800)}\n`, 'n1 1 2\n{}'])('is at position 0 when something else wrote %j', (text) => {
    expect(decodeValue(Buffer.from(text))).toEqual({ position: 0, schemaGeneration: 0, json: Buffer.from(text) });
  });

  it('names the transformer that has sealed what follows', () => {
    const value = encodeValue(5, 2, Buffer.from([0, 10, 255]), 'aesgcm:v1:key1');
    expect(value.toString('latin1')).toBe('n1 5 2 aesgcm:v1:key1\n\0\n\xff');
    expect(decodeValue(value)).toEqual({ position: 5, schemaGeneration: 2, json: Buffer.from([0, 10, 255]), sealedBy: 'aesgcm:v1:key1' });
  });
});
