import { parseBoolean } from './query-boolean';

it.each([['1', true], ['true', true], ['True', true], ['', true], ['yes', true], ['0', false], ['false', false], ['False', false], [null, undefined]])('the boolean %j of a query is %s', (text, value) => {
  expect(parseBoolean(text)).toBe(value);
});
