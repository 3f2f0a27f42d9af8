import { ExpectedObjects } from './expected-objects';

const [one, other] = [{ uid: '1', labels: {}, fields: {} }, { uid: '2', labels: {}, fields: {} }];
const json = (text: string): Buffer => Buffer.from(text);

it('knows what is expected by its key and bytes, until it is forgotten', () => {
  const expected = new ExpectedObjects();
  const forgetOne = expected.add('a', json('{"a":1}'), one);
  const known = (key: string, text: string): string | undefined => expected.descriptionOf(key, json(text))?.uid;
  expect([known('a', '{"a":1}'), known('a', '{"a":2}'), known('b', '{"a":1}')]).toEqual(['1', undefined, undefined]);
  const forgetOther = expected.add('a', json('{"a":2}'), other);
  forgetOne();
  expect([known('a', '{"a":1}'), known('a', '{"a":2}')]).toEqual([undefined, '2']);
  forgetOther();
  expect(known('a', '{"a":2}')).toBeUndefined();
});
