import { goQuote } from '../text/go-quote';
import { fieldErrors } from './field-error';
import { FieldPath } from './field-path';

describe('field paths', () => {
  it('print names, positions and keys as upstream does', () => {
    expect(FieldPath.of('spec').child('containers').index(0).child('name').toString()).toBe('spec.containers[0].name');
    expect(FieldPath.of('metadata', 'labels').key('a.b/c').toString()).toBe('metadata.labels[a.b/c]');
  });
});

describe('field errors', () => {
  const path = FieldPath.of('spec', 'x');

  it.each([
    [fieldErrors.required(path), 'spec.x: Required value'],
    [fieldErrors.required(path, 'name or generateName is required'), 'spec.x: Required value: name or generateName is required'],
    [fieldErrors.invalid(path, 'a"b', 'bad'), 'spec.x: Invalid value: "a\\"b": bad'],
    [fieldErrors.invalid(path, { a: '<b>' }, 'field is immutable'), 'spec.x: Invalid value: {"a":"\\u003cb\\u003e"}: field is immutable'],
    [fieldErrors.invalid(path, undefined, 'bad'), 'spec.x: Invalid value: null: bad'],
    [fieldErrors.notSupported(path, 'x', ['a', 'b']), 'spec.x: Unsupported value: "x": supported values: "a", "b"'],
    [fieldErrors.duplicate(path, 80), 'spec.x: Duplicate value: 80'],
    [fieldErrors.forbidden(path, 'not allowed on this type'), 'spec.x: Forbidden: not allowed on this type'],
    [fieldErrors.tooLong(path, 63), 'spec.x: Too long: may not be more than 63 bytes'],
    [fieldErrors.tooLong(path, 1), 'spec.x: Too long: may not be more than 1 byte'],
    [fieldErrors.tooMany(path, 5, 1), 'spec.x: Too many: 5: must have at most 1 item'],
    [fieldErrors.notFound(path, 'x'), 'spec.x: Not found: "x"'],
    [fieldErrors.invalid('', 'x', 'bad'), '<nil>: Invalid value: "x": bad'],
  ])('print %#', (error, message) => {
    expect(error.message).toBe(message);
  });
});

describe('goQuote', () => {
  it('quotes as strconv.Quote does', () => {
    expect(goQuote('a\u0007\n\t\\"\u0001\u007fé\u00a0\u200b😀')).toBe('"a\\a\\n\\t\\\\\\"\\x01\\x7fé\\u00a0\\u200b😀"');
  });
});
