import { openPorts } from './open-ports';

describe('openPorts', () => {
  const heading = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

  it('finds who listens for others', () => {
    expect(openPorts([heading, '   0: 00000000:192B 00000000:0000 0A 0:0', '   1: 0BF01FAC:280A 00000000:0000 0A 0:0'].join('\n'))).toEqual([0x192b, 0x280a]);
    expect(openPorts([heading, '   0: 00000000000000000000000000000000:192B 00000000000000000000000000000000:0000 0A 0:0'].join('\n'))).toEqual([0x192b]);
  });

  it('leaves out what only the machine itself reaches, and connections', () => {
    expect(openPorts([heading, '   0: 0100007F:192B 00000000:0000 0A 0:0', '   1: 0B00007F:0035 00000000:0000 0A 0:0', '   2: 0BF01FAC:280A 01F01FAC:9999 01 0:0'].join('\n'))).toEqual([]);
    expect(openPorts([heading, '   0: 00000000000000000000000001000000:192B 0:0000 0A 0:0', '   1: 0000000000000000FFFF00000100007F:192C 0:0000 0A 0:0'].join('\n'))).toEqual([]);
  });

  it('takes a kernel without the family for one where nobody listens', () => expect(openPorts('')).toEqual([]));
});
