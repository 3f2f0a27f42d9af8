import { figuresTable } from './table';

const machine = { cpu: 'a cpu', cores: 2, memoryMib: 4096, kernel: '6.1', node: 'v20', load: 0.5 };

describe('figuresTable', () => {
  it('shows the reference of the same run as a ratio, and what was measured elsewhere apart', () => {
    const table = figuresTable([{
      scenario: 'creates', what: 'create pods', value: 3000, unit: '/s', reference: { what: 'etcd puts', value: 1500 }, upstream: { value: 950, unit: '/s' },
      othersShare: 0.4, cpuSeconds: { client: 1.234, apiserver: 2, nats: 0, scheduler: 0.5 }, detail: { p99Ms: 12.34 },
    }], machine, machine);
    const cells = table.split('\n').filter((line) => line.startsWith('│')).map((line) => line.split('│').slice(1, -1).map((cell) => cell.trim()));
    const first = cells.findIndex(([what]) => what === 'create pods');
    expect(cells.slice(first, first + 2)).toEqual([
      ['create pods', '3,000/s *', '1,500/s', '2.00', '1.23', 'apiserver 2.00', '950/s'],
      ['', 'p99 12.3 ms', 'etcd puts', '', '', 'scheduler 0.50', ''],
    ]);
  });

  it('leaves empty what was not measured', () => {
    const table = figuresTable([{ scenario: 'start-up', what: 'start', value: 1.5, unit: 's' }], machine, machine);
    expect(table).toContain('1.50 s');
    expect(table).toContain('a cpu, 2 cores, 4096 MiB, Linux 6.1, Node v20');
  });
});
