import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './harness/cluster';
import { run } from './harness/shell';

jest.setTimeout(600_000);

interface Result {
  readonly machine: { readonly cores: number };
  readonly figures: readonly { readonly scenario: string; readonly value: number; readonly unit: string }[];
}

const scenarios = ['scheduler-alone', 'start-up', 'full-node', 'pod-start', 'endpoint-change', 'many-nodes', 'scale-up', 'idle-memory', 'creates', 'gets', 'lists', 'watch', 'bind', 'dns', 'proxy', 'peak-memory'];

/** Whether it measures; how fast anything is, no test says. */
describe('npm run bench', () => {
  const bench = (...args: string[]) => run(process.execPath, [join(root, 'tools/launch.mjs'), 'bench', '--name', 'e2e-bench', ...args], { timeoutMs: 580_000 });

  it('measures every scenario, prints a table, writes JSON and leaves no cluster behind', async () => {
    const { code, stdout, stderr } = await bench('--quick');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // The reference column says where its figures come from; a narrow table breaks the line.
    expect(stdout).toMatch(/Kubernetes[\s\S]*elsewhere/);
    const file = join(root, /written to (\S+\.json)/.exec(stdout)?.[1] ?? 'nowhere');
    const { machine, figures } = JSON.parse(readFileSync(file, 'utf8')) as Result;
    rmSync(file);
    expect(machine.cores).toBeGreaterThan(0);
    expect(new Set(figures.map(({ scenario }) => scenario))).toEqual(new Set(scenarios));
    // Of a processor a kubelet may take less than can be told in so short a time.
    expect(figures.filter(({ value, unit }) => !(value > 0 || (unit === '%' && value === 0)))).toEqual([]);
    expect(existsSync(join(root, '.navarch', 'e2e-bench'))).toBe(false);
  });

  it('names its scenarios when it is asked for another', async () => {
    const { code, stderr } = await bench('--only', 'swims');
    expect(code).toBe(1);
    expect(stderr).toContain(`no scenario swims; there are ${scenarios.join(', ')}`);
  });
});
