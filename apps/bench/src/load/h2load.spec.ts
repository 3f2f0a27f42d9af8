import { parseH2load } from './h2load';

const output = (counts: string): string => `starting benchmark...
Application protocol: h2

finished in 6.00s, 1250.50 req/s, 958.13KB/s
requests: ${counts}, 0 timeout
traffic: 958.13KB (981128) total, 99.80KB (102200) headers (space savings 95.35%), 249.34KB (255320) data
`;
const log = [4_000, 2_000, 1_000, 90_000].map((microseconds) => `1795992354042487\t200\t${microseconds}\n`).join('');

describe('parseH2load', () => {
  it('reads how many and how fast, and latencies from the log', () => {
    expect(parseH2load(output('4 total, 5 started, 4 done, 4 succeeded, 0 failed, 0 errored'), log)).toEqual({ requests: 4, perSecond: 1250.5, p50Ms: 4, p99Ms: 90 });
  });

  it.each([
    ['some were refused', '4 total, 4 started, 4 done, 3 succeeded, 1 failed, 0 errored'],
    ['nobody was there', '0 total, 0 started, 0 done, 0 succeeded, 0 failed, 0 errored'],
  ])('refuses a run in which %s', (_, counts) => {
    expect(() => parseH2load(output(counts), log)).toThrow('h2load saw errors');
  });
});
