import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** In a network namespace of its own, which has its own forwarding and rules: the host's are not touched. */
describe('what up changes on a host', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'navarch-host-'));
  afterAll(() => rmSync(scratch, { recursive: true }));

  function inOwnNetwork(between: string): { forwarding: string[]; undone: string[] } {
    const script = `
      const { execSync } = require('node:child_process');
      const { readFileSync, writeFileSync } = require('node:fs');
      const { changeHost, restoreHost } = require(${JSON.stringify(join(__dirname, 'host-changes.ts'))});
      const file = '/proc/sys/net/ipv4/ip_forward';
      const forwarding = [];
      const look = () => forwarding.push(readFileSync(file, 'utf8').trim());
      const notes = { ofCluster: ${JSON.stringify(join(scratch, 'changes.json'))}, forwardingBefore: ${JSON.stringify(join(scratch, 'before'))} };
      writeFileSync(file, '0');
      changeHost(notes, { subnet: 99, podCidr: '10.250.0.0/16' });
      look();
      execSync(${JSON.stringify(between)});
      const undone = restoreHost(notes, 99, true);
      look();
      console.log(JSON.stringify({ forwarding, undone }));`;
    return JSON.parse(execFileSync('unshare', ['--net', process.execPath, '--require', 'tsx/cjs', '-e', script], { cwd: __dirname, encoding: 'utf8' })) as { forwarding: string[]; undone: string[] };
  }

  it('is put back by a purge', () => {
    expect(inOwnNetwork('true')).toEqual({ forwarding: ['1', '0'], undone: ['nftables table ip navarch-host-99', 'net.ipv4.ip_forward = 0 again'] });
  });

  it('leaves forwarding on where somebody else has come to need it', () => {
    const docker = 'nft add table ip other && nft "add chain ip other post { type nat hook postrouting priority 100; }" && nft add rule ip other post oifname != docker0 masquerade';
    const { forwarding, undone } = inOwnNetwork(docker);
    expect(forwarding).toEqual(['1', '1']);
    expect(undone.at(-1)).toContain('stays');
  });
});
