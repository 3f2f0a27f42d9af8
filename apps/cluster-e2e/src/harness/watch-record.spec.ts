import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { eventually } from '@navarch/testing';
import { WatchRecord } from './watch-record';

describe('the record of a watch', () => {
  const begin = async (): Promise<{ stream: PassThrough; record: WatchRecord<{ name: string }> }> => {
    const stream = Object.assign(new PassThrough(), { statusCode: 200 });
    return { stream, record: await WatchRecord.open({ open: () => Promise.resolve(stream as unknown as IncomingMessage) }, '/pods') };
  };
  const line = (name: string): Buffer => Buffer.from(`${JSON.stringify({ type: 'ADDED', object: { name } })}\n`);

  it('holds all that was told, characters that came in two parts included, and ends well when it is stopped', async () => {
    const { stream, record } = await begin();
    const bytes = line('naïve');
    const middle = bytes.indexOf(0xc3) + 1;
    stream.write(bytes.subarray(0, middle));
    await new Promise((resolve) => setImmediate(resolve));
    stream.write(bytes.subarray(middle));
    await eventually(() => record.events.length === 1);
    await record.stop();
    expect(record.events).toEqual([{ type: 'ADDED', object: { name: 'naïve' } }]);
  });

  it.each<[string, (stream: PassThrough) => unknown, string]>([
    ['it ended before', (stream) => stream.end(), 'the watch ended by itself'],
    ['it failed before', (stream) => stream.destroy(new Error('cut off')), 'the watch failed'],
    ['the apiserver told of an error', (stream) => stream.write('{"type":"ERROR","object":{}}\n'), 'the watch told {"type":"ERROR","object":{}}'],
    ['something in it was no event', (stream) => stream.write('nonsense\n'), 'the watch told nonsense'],
  ])('says when it is stopped that %s', async (_what, happen, message) => {
    const { stream, record } = await begin();
    stream.write(line('first'));
    await eventually(() => record.events.length === 1);
    happen(stream);
    await new Promise((resolve) => setImmediate(resolve));
    await expect(record.stop()).rejects.toThrow(message);
  });
});
