import Table from 'cli-table3';
import { quietShare } from '../cluster/wait-for-quiet';
import type { Figure } from './figure';
import type { Machine } from './machine';

const head = ['what', 'measured', 'reference, same run', 'ratio', 'CPU s client', 'CPU s servers', 'Kubernetes 1.20.2, measured elsewhere'];
const widths = [38, 16, 18, 7, 8, 26, 15];

/** The figures for people. */
export function figuresTable(figures: readonly Figure[], before: Machine, after: Machine): string {
  const table = new Table({ head, colWidths: widths, wordWrap: true, style: { head: [], border: [], compact: true } });
  const disturbed = figures.some(isDisturbed);
  for (const figure of figures) table.push(row(figure));
  return `${table.toString()}\n${before.cpu}, ${before.cores} cores, ${before.memoryMib} MiB, Linux ${before.kernel}, Node ${before.node}; load ${before.load} before, ${after.load} after\n${disturbed ? '* other work used more than a tenth of the machine meanwhile: slower than it could be\n' : ''}`;
}

const isDisturbed = ({ othersShare = 0 }: Figure): boolean => othersShare > quietShare;

function row(figure: Figure): string[] {
  const { what, value, unit, reference, cpuSeconds, detail, upstream } = figure;
  const { client, ...servers } = cpuSeconds ?? {};
  const p99 = detail?.['p99Ms'];
  return [
    what,
    `${amount(value, unit)}${isDisturbed(figure) ? ' *' : ''}${p99 === undefined ? '' : `\np99 ${amount(p99, 'ms')}`}`,
    reference === undefined ? '' : `${amount(reference.value, unit)}\n${reference.what}`,
    reference === undefined ? '' : (value / reference.value).toFixed(2),
    client === undefined ? '' : client.toFixed(2),
    Object.entries(servers).filter(([, seconds]) => seconds >= 0.01).map(([name, seconds]) => `${name} ${seconds.toFixed(2)}`).join('\n'),
    upstream === undefined ? '' : amount(upstream.value, upstream.unit),
  ];
}

function amount(value: number, unit: Figure['unit']): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}${unit.startsWith('/') ? '' : ' '}${unit}`;
}
