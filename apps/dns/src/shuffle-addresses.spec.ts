import { decode, encode, type Answer } from 'dns-packet';
import { addressSets, shuffle } from './shuffle-addresses';

const a = (name: string, data: string, ttl = 30): Answer => ({ type: 'A', name, data, ttl });
const answer = (answers: Answer[], additionals: Answer[] = []): Buffer => encode({ type: 'response', id: 7, questions: [{ type: 'A', name: 'web.test' }], answers, additionals });
const addresses = (message: Buffer): string[] => (decode(message).answers ?? []).map((record) => (record.type === 'A' || record.type === 'AAAA' || record.type === 'CNAME' ? record.data : record.type));
/** A header with a question; then records whose owners point at a name, by default that of the question. */
const question = encode({ type: 'query', id: 7, questions: [{ type: 'A', name: 'web.test' }] });
const record = (type: number, data: number[], owner = 12): Buffer => Buffer.from([0xc0, owner, 0, type, 0, 1, 0, 0, 0, 30, 0, data.length, ...data]);
/** Chance that takes what it is told, in order. */
const chance = (...numbers: number[]): (() => number) => () => numbers.shift() ?? 0;

describe('addresses of one name', () => {
  it('change places, each order by its chance; the alias that leads to them stays first', () => {
    const message = answer([{ type: 'CNAME', name: 'web.test', data: 'x.test', ttl: 5 }, a('x.test', '10.0.0.1'), a('x.test', '10.0.0.2'), a('X.test', '10.0.0.3')]);
    shuffle(message, addressSets(message), chance(0, 0.9));
    expect(addresses(message)).toEqual(['x.test', '10.0.0.3', '10.0.0.2', '10.0.0.1']);
    const again = answer([a('x.test', '10.0.0.1'), a('x.test', '10.0.0.2'), a('x.test', '10.0.0.3')]);
    shuffle(again, addressSets(again), chance(0.5, 0));
    expect(addresses(again)).toEqual(['10.0.0.3', '10.0.0.1', '10.0.0.2']);
  });

  it('are found through compressed names, and keep to their name and family', () => {
    const message = Buffer.concat([question, record(1, [10, 0, 0, 1]), record(1, [10, 0, 0, 2]), record(28, Array.from({ length: 16 }, () => 9))]);
    message.writeUInt16BE(3, 6);
    expect(addressSets(message)).toEqual([{ bytes: 4, offsets: [question.length + 12, question.length + 28] }]);
    expect(addressSets(answer([a('one.test', '10.0.0.1'), a('two.test', '10.0.0.2')], [a('one.test', '10.0.0.3')]))).toEqual([expect.objectContaining({ bytes: 4 })]);
  });

  it('stay as they are in what is cut off, or has names without an end', () => {
    const whole = answer([a('x.test', '10.0.0.1'), a('x.test', '10.0.0.2')]);
    expect(addressSets(whole.subarray(0, whole.length - 3))).toEqual([]);
    const loop = Buffer.concat([question, record(1, [10, 0, 0, 1], question.length), record(1, [10, 0, 0, 2], question.length)]);
    loop.writeUInt16BE(2, 6);
    expect(addressSets(loop)).toEqual([]);
  });
});
