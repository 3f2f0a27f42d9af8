import type { Exchange } from './exchange';
import { wantsPretty } from './pretty';

// Among them the cases of upstream's TestGetPretty.
it.each<[query: string, userAgent: string, isPretty: boolean]>([
  ['', 'kubectl', false], ['', 'curl/8', true], ['', 'Mozilla/5.0', true], ['', 'Wget', true],
  ['pretty=0', 'curl', false], ['pretty=1', 'kubectl', true], ['pretty=true', 'kubectl', true], ['pretty=yes', 'curl', false],
  ['pretty', 'kubectl', false], ['pretty=', 'curl', true],
])('?%s of %s: %p', (query, userAgent, isPretty) => {
  const exchange = { query: new URLSearchParams(query), userAgent } as Exchange;
  expect(wantsPretty(exchange)).toBe(isPretty);
  expect(wantsPretty(exchange, { isPretty: true })).toBe(true);
});
