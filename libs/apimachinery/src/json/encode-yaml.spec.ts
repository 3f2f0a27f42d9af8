import { yamlOf } from './encode-yaml';

it('is read the same by YAML 1.1 and 1.2', () => {
  const time = '2026-01-02T03:04:05Z';
  expect(yamlOf({ kind: 'ConfigMap', data: { a: 'yes', b: '0x1', c: '1_000', d: '~', e: 'plain text', f: '12:30:45' }, apiVersion: 'v1', metadata: { creationTimestamp: time, finalizers: ['x'] } })).toBe([
    'apiVersion: v1', 'data:', '  a: "yes"', '  b: "0x1"', '  c: "1_000"', '  d: "~"', '  e: plain text', '  f: "12:30:45"', 'kind: ConfigMap', 'metadata:', `  creationTimestamp: "${time}"`, '  finalizers:', '  - x', '',
  ].join('\n'));
});

it('does not fold long lines, and keeps line breaks', () => {
  const long = 'word '.repeat(60).trim();
  expect(yamlOf({ long, lines: 'a\nb\n' })).toBe(`lines: |\n  a\n  b\nlong: ${long}\n`);
});
