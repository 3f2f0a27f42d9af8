import { childSeconds, runTool } from './load-tool';

describe('a load generator', () => {
  it('is charged for what it and the system under it took', () => {
    expect(childSeconds('Requests/sec: 7\n0m0.001s 0m0.002s\n0m1.500s 1m0.250s\n')).toBe(61.75);
  });

  it('says what it printed when it fails', async () => {
    await expect(runTool('sh', ['-c', 'echo no such host >&2; exit 3'], new AbortController().signal)).rejects.toThrow('sh failed: no such host');
  });
});
