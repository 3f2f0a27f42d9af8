import { readFile } from 'node:fs/promises';

const listening = '0A';

/** TCP ports of a table in the form of /proc/net/tcp or tcp6 that somebody listens on for others than the machine itself. */
export function openPorts(table: string): number[] {
  const sockets = table.trim().split('\n').slice(1).map((line) => line.trim().split(/\s+/));
  return sockets.filter(([, , , state]) => state === listening).flatMap(([, local = '']) => {
    const [address = '', port = ''] = local.split(':');
    return isLoopback(address) ? [] : [Number.parseInt(port, 16)];
  });
}

/** As the kernel writes them: words of four bytes, each with its last byte first. */
function isLoopback(address: string): boolean {
  if (address.length === 8) return address.endsWith('7F');
  return address === '00000000000000000000000001000000' || (address.startsWith('0000000000000000FFFF0000') && address.endsWith('7F'));
}

/** Those of the network that a process is in. */
export async function openPortsOf(pid: number): Promise<number[]> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((family) => readFile(`/proc/${pid}/net/${family}`, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // a kernel without IPv6
    return '';
  })));
  return [...new Set(tables.flatMap(openPorts))].sort((a, b) => a - b);
}
