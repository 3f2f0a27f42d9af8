import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const listenState = '0A';

/** Socket inodes that listen on a TCP port, from /proc. */
function listeningInodes(port: number): Set<string> {
  const inodes = new Set<string>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      continue; // no IPv6 in this kernel
    }
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      const local = fields[1]?.split(':')[1];
      if (local !== undefined && parseInt(local, 16) === port && fields[3] === listenState && fields[9] !== undefined) inodes.add(fields[9]);
    }
  }
  return inodes;
}

/** Who listens on a TCP port: `nginx (pid 12)`, or what can be said of it. */
export function portOwner(port: number): string {
  const inodes = listeningInodes(port);
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const match = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`));
        if (match?.[1] !== undefined && inodes.has(match[1])) return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (pid ${pid})`;
      }
    } catch {
      continue; // the process ended, or belongs to another user
    }
  }
  return 'another process';
}
