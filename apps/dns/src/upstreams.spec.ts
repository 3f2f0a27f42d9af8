import { FakeClock } from '@navarch/clock';
import { parseStubDomains, parseUpstream, Upstreams } from './upstreams';

const names = (servers: readonly { name: string }[]): string[] => servers.map(({ name }) => name);

describe('servers outside', () => {
  it.each([['1.2.3.4', '1.2.3.4:53'], ['1.2.3.4:5353', '1.2.3.4:5353'], ['fd00::1', '[fd00::1]:53'], ['[fd00::1]:5353', '[fd00::1]:5353']])('%s is %s', (text, name) => {
    expect(parseUpstream(text).name).toBe(name);
  });

  it.each(['example.com', '1.2.3.4:x', '1.2.3.4:0', ''])('%p is none', (text) => {
    expect(() => parseUpstream(text)).toThrow('no address of a name server');
  });

  it('are those of the longest domain that a name lies in', () => {
    const upstreams = new Upstreams([parseUpstream('8.8.8.8')], parseStubDomains({ 'corp.test': '10.0.0.1+10.0.0.2', '.deep.corp.test': '10.0.0.3' }), new FakeClock());
    expect(['db.CORP.test.', 'corp.test', 'x.deep.corp.test', 'xcorp.test', 'test'].map((name) => names(upstreams.for(name)))).toEqual([
      ['10.0.0.1:53', '10.0.0.2:53'], ['10.0.0.1:53', '10.0.0.2:53'], ['10.0.0.3:53'], ['8.8.8.8:53'], ['8.8.8.8:53'],
    ]);
  });

  it('come last for a while when they were silent', async () => {
    const clock = new FakeClock();
    const [first, second] = [parseUpstream('1.1.1.1'), parseUpstream('2.2.2.2')];
    const upstreams = new Upstreams([first, second], new Map(), clock);
    upstreams.silent(first);
    expect(names(upstreams.for('x'))).toEqual(['2.2.2.2:53', '1.1.1.1:53']);
    await clock.advance(10_001);
    expect(names(upstreams.for('x'))).toEqual(['1.1.1.1:53', '2.2.2.2:53']);
    upstreams.silent(first);
    upstreams.answered(first);
    expect(names(upstreams.for('x'))).toEqual(['1.1.1.1:53', '2.2.2.2:53']);
  });
});
