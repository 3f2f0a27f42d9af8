import { parseWrk } from './wrk';

const output = `Running 5s test @ https://127.0.0.1:6443/x
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.93ms    1.02ms  21.23ms   92.12%
    Req/Sec     8.20k     0.62k    9.12k    84.00%
  Latency Distribution
     50%    3.71ms
     75%    4.12ms
     90%  900.00us
     99%    1.25s 
  40811 requests in 5.01s, 90.34MB read
Requests/sec:   8146.52
Transfer/sec:     18.03MB
`;

describe('parseWrk', () => {
  it('reads rates, and latencies in any unit', () => {
    expect(parseWrk(output)).toEqual({ requests: 40_811, perSecond: 8146.52, p50Ms: 3.71, p99Ms: 1250 });
  });

  it('refuses a run with errors', () => {
    expect(() => parseWrk(`${output}\n  Non-2xx or 3xx responses: 7\n`)).toThrow('wrk saw errors');
  });
});
