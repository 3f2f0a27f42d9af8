import { formatMicroTime, formatTime, parseTime } from '../text/time';
import { scaledIntOrPercent } from '../quantity/int-or-string';
import { compareStrings } from '../text/compare-strings';
import { generateName } from './generate-name';
import { parseGroupVersion } from './group-version';
import { formatNamespacedName, parseNamespacedName } from './namespaced-name';
import { parseResourceVersion, unreadVersion } from './resource-version';

describe('generated names', () => {
  it('end in five characters of the safe alphabet and fit a DNS label', () => {
    expect(generateName('web-')).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(generateName('x'.repeat(200))).toHaveLength(63);
    expect(generateName('a-', () => 0)).toBe('a-bbbbb');
  });
});

describe('keys and versions', () => {
  it('read back what they print', () => {
    for (const key of ['default/web', 'node-1']) expect(formatNamespacedName(parseNamespacedName(key))).toBe(key);
    expect(parseGroupVersion('apps/v1')).toEqual({ group: 'apps', version: 'v1' });
    expect(parseGroupVersion('v1')).toEqual({ group: '', version: 'v1' });
    expect(parseGroupVersion('a/b/c')).toBeUndefined();
  });

  it('are refused when they are no resourceVersion', () => {
    expect(parseResourceVersion('')).toBe(0);
    expect(parseResourceVersion('1024')).toBe(1024);
    expect(() => parseResourceVersion('abc')).toThrow('invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax');
    expect(() => parseResourceVersion('x', unreadVersion)).toThrow(expect.objectContaining({ code: 500, message: 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax' }) as Error);
    expect(() => parseResourceVersion('-1')).toThrow('invalid syntax');
    expect(() => parseResourceVersion('99999999999999999999')).toThrow('value out of range');
  });
});

describe('shares', () => {
  it('round as asked', () => {
    expect(scaledIntOrPercent('25%', 3, true)).toBe(1);
    expect(scaledIntOrPercent('25%', 3, false)).toBe(0);
    expect(scaledIntOrPercent(2, 3, true)).toBe(2);
    expect(() => scaledIntOrPercent('2', 3, true)).toThrow('string is not a percentage');
  });
});

describe('times', () => {
  it('print as Go prints them and are read strictly', () => {
    expect([1_700_000_000_999, 1_700_000_000_000, 1_700_000_001_000, 1_700_000_000_999, -1].map(formatTime)).toEqual([
      '2023-11-14T22:13:20Z', '2023-11-14T22:13:20Z', '2023-11-14T22:13:21Z', '2023-11-14T22:13:20Z', '1969-12-31T23:59:59Z',
    ]);
    expect(formatMicroTime(1_700_000_000_001)).toBe('2023-11-14T22:13:20.001000Z');
    expect(parseTime('2023-11-14T22:13:20Z')).toBe(1_700_000_000_000);
    expect(parseTime('2023-11-14T23:13:20.5+01:00')).toBe(1_700_000_000_500);
    for (const wrong of ['2023-11-14', '2023-02-30T00:00:00Z', '2023-02-29T00:00:00Z', '2023-04-31T00:00:00Z', '2023-11-14T22:13:20', 'x', '2023-13-01T00:00:00Z', '1900-02-29T00:00:00Z', '']) expect(parseTime(wrong)).toBeUndefined();
    for (const last of ['2024-02-29', '2000-02-29', '0000-02-29', '2023-02-28', '2023-04-30', '2023-12-31']) expect(parseTime(`${last}T23:59:59Z`)).toBe(Date.parse(`${last}T23:59:59Z`));
  });
});

describe('compareStrings', () => {
  it('orders by UTF-8 bytes', () => {
    const words = ['b', 'a', '\uff5e', '😀', 'ab', ''];
    expect([...words].sort(compareStrings)).toEqual([...words].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });
});
