/** A failed connection in the words Go's net package has for it: users know these texts from events. */
export function dialError(error: NodeJS.ErrnoException, host: string, port: number): string {
  const address = `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
  switch (error.code) {
    case 'ECONNREFUSED': return `dial tcp ${address}: connect: connection refused`;
    case 'EHOSTUNREACH': return `dial tcp ${address}: connect: no route to host`;
    case 'ENETUNREACH': return `dial tcp ${address}: connect: network is unreachable`;
    case 'ETIMEDOUT': return `dial tcp ${address}: i/o timeout`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN': return `dial tcp: lookup ${host}: no such host`;
    case 'ECONNRESET': return error.message.includes('hang up') ? 'EOF' : `read tcp ${address}: read: connection reset by peer`;
    default: return error.message;
  }
}
