import { quantile } from './quantile';

it('finds what a share of the values lies below, whatever their order', () => {
  const values = [10, 1, 9, 2, 8, 3, 7, 4, 6, 5];
  expect([quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1), quantile([], 0.5)]).toEqual([6, 10, 10, Number.NaN]);
  expect(values[0]).toBe(10);
});
