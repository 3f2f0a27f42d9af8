import { prefixEnd } from './prefix-end';

it('ends the range of a prefix at the first key after it', () => {
  expect(prefixEnd('/a/')).toEqual(Buffer.from('/a0'));
  expect(prefixEnd('')).toEqual(Buffer.from([0]));
});
