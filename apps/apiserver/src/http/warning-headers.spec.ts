import { warningHeaders } from './warning-headers';

const utf8 = (header: string): string => Buffer.from(header, 'latin1').toString();

it('says what there is to say, in the bytes that clients read', () => {
  expect(warningHeaders([])).toEqual([]);
  expect(warningHeaders(['', 'plain', 'a "quoted" \\ one', 'two\nlines']).map(utf8)).toEqual(['299 - "plain"', '299 - "a \\"quoted\\" \\\\ one"', '299 - "two lines"']);
  expect(warningHeaders(['Iñtërnâtiô ☃']).map(utf8)).toEqual(['299 - "Iñtërnâtiô ☃"']);
  expect(warningHeaders(['x'.repeat(4096)])).toEqual([`299 - "${'x'.repeat(4096)}"`]);
});

it('cuts each when all together are too much, and then leaves the rest out', () => {
  const long = Array.from({ length: 20 }, (_, i) => String.fromCharCode(97 + i).repeat(300));
  const headers = warningHeaders(['short', ...long]);
  expect(headers.map((header) => header.length)).toEqual([13, ...Array<number>(16).fill(264)]);
  expect(warningHeaders(['☃'.repeat(5000)]).map(utf8)).toEqual([`299 - "${'☃'.repeat(256)}"`]);
});
