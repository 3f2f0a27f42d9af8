import { parseDuration } from './parse-duration';

it.each([
  ['0', 0],
  ['40s', 40_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['.5s', 500],
  ['100ms', 100],
  ['-2m', -120_000],
  ['250us', 0.25],
  ['', undefined],
  ['5', undefined],
  ['s', undefined],
  ['1 s', undefined],
  ['1d', undefined],
])('reads %j as %p ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});
