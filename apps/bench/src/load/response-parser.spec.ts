import fc from 'fast-check';
import { ResponseParser } from './response-parser';

interface Seen {
  status: number;
  body: string;
  ended: boolean;
}

function parse(pieces: readonly Buffer[]): Seen[] {
  const seen: Seen[] = [];
  const last = (): Seen => seen.at(-1) as Seen;
  const parser = new ResponseParser({
    onHead: (status) => seen.push({ status, body: '', ended: false }),
    onBody: (data) => (last().body += data.toString()),
    onEnd: () => (last().ended = true),
  });
  for (const piece of pieces) parser.push(piece);
  return seen;
}

const stream = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello' +
  'HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n' +
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{"a"}\n\r\na\r\n0123456789\r\n0\r\n\r\n' +
  'HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}',
);
const wanted: Seen[] = [
  { status: 200, body: 'hello', ended: true },
  { status: 204, body: '', ended: true },
  { status: 200, body: '{"a"}\n0123456789', ended: true },
  { status: 404, body: '{}', ended: true },
];

describe('ResponseParser', () => {
  it('reads sized, empty and chunked responses, however the bytes arrive', () => {
    fc.assert(fc.property(fc.array(fc.nat({ max: stream.length })), (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
      expect(parse(edges.slice(1).map((end, index) => stream.subarray(edges[index], end)))).toEqual(wanted);
    }));
  });

  it('keeps nothing of the memory it was given', () => {
    const shared = Buffer.alloc(7);
    const seen: number[] = [];
    const parser = new ResponseParser({ onHead: (status) => seen.push(status), onBody: () => undefined, onEnd: () => undefined });
    for (let at = 0; at < stream.length; at += shared.length) parser.push(shared.subarray(0, stream.copy(shared, 0, at, at + shared.length)));
    expect(seen).toEqual([200, 204, 200, 404]);
  });

  it('refuses what is not HTTP', () => {
    expect(() => parse([Buffer.from('SSH-2.0-OpenSSH\r\n\r\n')])).toThrow('not an HTTP response');
  });
});
